/* SPDX-License-Identifier: MIT */

/* Collects what librein warns of while it lives, instead of printing it. [one thread] */

#pragma once

#include <glib.h>

#include <string>
#include <vector>

namespace rein_test
{

class Warnings
{
  public:
    Warnings() : handler_(g_log_set_handler("rein", G_LOG_LEVEL_WARNING, Add, this))
    {
    }

    ~Warnings()
    {
        g_log_remove_handler("rein", handler_);
    }

    Warnings(const Warnings &) = delete;
    Warnings &operator=(const Warnings &) = delete;

    /* Those since the last time. */
    std::vector<std::string>
    Take()
    {
        std::vector<std::string> taken;

        taken.swap(lines_);
        return taken;
    }

  private:
    static void
    Add(const char *, GLogLevelFlags, const char *message, gpointer self)
    {
        static_cast<Warnings *>(self)->lines_.emplace_back(message);
    }

    std::vector<std::string> lines_;
    guint handler_;
};

} // namespace rein_test
