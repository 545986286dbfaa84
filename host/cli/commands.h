/* SPDX-License-Identifier: MIT */

/* The commands of rein, one file each. They are given their own arguments, argv[0] being the verb. */

#pragma once

int cmd_run(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_devices(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_clean(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
