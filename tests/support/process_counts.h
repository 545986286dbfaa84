/* SPDX-License-Identifier: MIT */

/* What this process holds of the kernel, to see that a test leaves nothing. [any thread] */

#pragma once

namespace rein_test
{

int CountThreads();
int CountDescriptors();

/*
 * Waits until at most `n` threads are left, which the kernel shows a moment after a join, but no
 * longer than 30 s; how many there are then.
 */
int WaitForThreads(int n);

} // namespace rein_test
