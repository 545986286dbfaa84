/* SPDX-License-Identifier: MIT */

/* All of librein. */

#pragma once

#include <rein/device.h>
#include <rein/error.h>
#include <rein/evaluator.h>
#include <rein/evolution.h>
#include <rein/leftovers.h>
#include <rein/problem.h>
#include <rein/process.h>
#include <rein/receipt.h>
#include <rein/registry.h>
#include <rein/result.h>
#include <rein/version.h>
#include <rein/worker.h>
