/* SPDX-License-Identifier: MIT */

/*
 * Counts the broken preconditions (g_return_if_fail) that librein complains of while it lives, instead
 * of printing them, and fails the test for those that it did not ask for. [any thread]
 */

#pragma once

#include <glib.h>
#include <gtest/gtest.h>

#include <atomic>

namespace rein_test
{

class Criticals
{
  public:
    Criticals() : handler_(g_log_set_handler("rein", G_LOG_LEVEL_CRITICAL, Count, this))
    {
    }

    ~Criticals()
    {
        g_log_remove_handler("rein", handler_);
        EXPECT_EQ(n_.load(), 0u) << "broken preconditions that the test did not expect";
    }

    Criticals(const Criticals &) = delete;
    Criticals &operator=(const Criticals &) = delete;

    /* How many there were since the last time. */
    unsigned
    Take()
    {
        return n_.exchange(0);
    }

  private:
    static void
    Count(const char *, GLogLevelFlags, const char *, gpointer self)
    {
        static_cast<Criticals *>(self)->n_++;
    }

    std::atomic<unsigned> n_{ 0 };
    guint handler_;
};

} // namespace rein_test
