/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <rein/version.h>

#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Program;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class CliTest : public testing::Test
{
  protected:
    Ended
    run(const std::vector<std::string> &arguments)
    {
        return rein_.run(arguments);
    }
    void
    expect_usage_error(const std::vector<std::string> &arguments, const std::string &part)
    {
        Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.out, IsEmpty());
        EXPECT_THAT(ended.err, StartsWith("rein: "));
        EXPECT_THAT(ended.err, HasSubstr(part));
    }

    Program rein_{ "rein" };
};

TEST_F(CliTest, HelpListsCommandsAndExitCodes)
{
    Ended ended = run({ "--help" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, IsEmpty());
    for (const char *part : { "Usage: rein COMMAND", "  run ", "  verify ", "  devices ",
                              "  config ", "  10  no usable device", "  70  a bug" }) {
        EXPECT_THAT(ended.out, HasSubstr(part));
    }
}

TEST_F(CliTest, HelpOfACommandIsTheSameByEitherWay)
{
    for (const char *verb : { "run", "verify", "devices", "config" }) {
        Ended by_flag = run({ verb, "--help" });
        Ended by_command = run({ "help", verb });
        EXPECT_EQ(by_flag.code, 0);
        EXPECT_THAT(by_flag.out, HasSubstr(std::string("rein ") + verb));
        EXPECT_THAT(by_flag.out, HasSubstr("--format"));
        EXPECT_EQ(by_flag.out, by_command.out);
    }
}

TEST_F(CliTest, HelpOfHelpIsTheHelp)
{
    Ended help = run({ "--help" });

    for (const char *word : { "--help", "-h", "help" }) {
        Ended ended = run({ "help", word });
        EXPECT_EQ(ended.code, 0);
        EXPECT_EQ(ended.out, help.out);
    }
}

TEST_F(CliTest, HelpOfTwoCommandsIsAnError)
{
    expect_usage_error({ "help", "run", "verify" }, "help: \"verify\" is one argument too many");
}

TEST_F(CliTest, OptionBeforeTheCommandIsToldToComeAfterIt)
{
    expect_usage_error({ "--quiet", "run", "x.ctt" }, "options come after the command");
}

TEST_F(CliTest, VersionIsThatOfTheLibrary)
{
    Ended ended = run({ "--version" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, std::string("rein ") + rein_version_string() + "\n");
}

TEST_F(CliTest, UnknownCommandSuggestsTheNearest)
{
    expect_usage_error({ "verfiy" }, "\"verfiy\" is not a command (did you mean rein verify?");
    expect_usage_error({ "help", "devcies" }, "did you mean rein devices?");
    expect_usage_error({ "frobnicate" }, "\"frobnicate\" is not a command (see rein --help)");
}

TEST_F(CliTest, NoCommandIsAnError)
{
    expect_usage_error({}, "no command was given");
}

TEST_F(CliTest, UnknownFlagNamesTheHelp)
{
    expect_usage_error({ "devices", "--wyh" }, "--wyh (see rein devices --help)");
}

TEST_F(CliTest, MissingAndSurplusArgumentsAreErrors)
{
    expect_usage_error({ "verify", "a.ctt" }, "something is missing: the command is rein verify "
                                              "PROBLEM SOLUTION");
    expect_usage_error({ "verify", "a", "b", "c" }, "\"c\" is one argument too many");
    expect_usage_error({ "config", "surplus" }, "\"surplus\" is one argument too many");
}

TEST_F(CliTest, UnknownFormatNamesTheChoices)
{
    expect_usage_error({ "config", "--format", "xml" },
                       "--format: output.format is \"xml\": it must be text, json or ndjson");
}

TEST_F(CliTest, QuietAndVerboseExcludeEachOther)
{
    expect_usage_error({ "config", "--quiet", "--verbose" }, "exclude each other");
}

TEST_F(CliTest, BrokenSettingsFileIsNamedWithItsLine)
{
    std::string path = rein_.home().write("config/rein/rein.conf", "[job]\nslice = 1h\n");

    expect_usage_error({ "config" }, path + ":2: job.slice is \"1h\"");
}

TEST_F(CliTest, HelpNeedsNoSettings)
{
    rein_.home().write("config/rein/rein.conf", "nonsense\n");

    EXPECT_EQ(run({ "devices", "--help" }).code, 0);
    EXPECT_EQ(run({ "--help" }).code, 0);
}

TEST_F(CliTest, ControlCharactersInArgumentsDoNotReachTheTerminal)
{
    Ended ended = run({ "run\x1b[2J" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, Not(HasSubstr("\x1b")));
    EXPECT_THAT(ended.err, HasSubstr("\\x1b"));
}

TEST_F(CliTest, FullDiskOnStdoutIsAnError)
{
    rein_.send_out_to("/dev/full");

    for (const auto &arguments : { std::vector<std::string>{ "--help" },
                                   std::vector<std::string>{ "config", "--explain" } }) {
        Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.err, HasSubstr("stdout: cannot be written: No space left on device"));
    }
}

TEST_F(CliTest, ReaderThatWentAwayIsNoError)
{
    rein_.break_out();

    Ended ended = run({ "config", "--explain" });
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, IsEmpty());
}

TEST_F(CliTest, PipedOutputHasNoColourUnlessAsked)
{
    EXPECT_THAT(run({ "frobnicate" }).err, Not(HasSubstr("\x1b")));
    EXPECT_THAT(run({ "devices" }).out, Not(HasSubstr("\x1b")));
    rein_.set("REIN_OUTPUT_COLOUR", "always");
    EXPECT_THAT(run({ "devices" }).out, HasSubstr("\x1b[2m"));
}

TEST_F(CliTest, TerminalHasColour)
{
    rein_.use_terminal();
    rein_.set("TERM", "xterm");

    EXPECT_THAT(run({ "devices" }).out, HasSubstr("\x1b[2m"));
}

TEST_F(CliTest, TerminalHasNoColourWithNoColorOrWhenDumbOrWhenToldNever)
{
    rein_.use_terminal();
    rein_.set("TERM", "dumb");
    EXPECT_THAT(run({ "devices" }).out, AllOf(HasSubstr("cpu:0"), Not(HasSubstr("\x1b"))));

    rein_.set("TERM", "xterm");
    rein_.set("NO_COLOR", "1");
    EXPECT_THAT(run({ "devices" }).out, AllOf(HasSubstr("cpu:0"), Not(HasSubstr("\x1b"))));

    rein_.set("NO_COLOR", "");
    rein_.set("REIN_OUTPUT_COLOUR", "never");
    EXPECT_THAT(run({ "devices" }).out, AllOf(HasSubstr("cpu:0"), Not(HasSubstr("\x1b"))));
}

TEST_F(CliTest, QuietHidesWarningsUnlessTheLogLevelIsSet)
{
    rein_.home().write("state", "a file where the folder should be");

    EXPECT_THAT(run({ "devices" }).err, HasSubstr("rein: warning: "));
    EXPECT_THAT(run({ "devices", "--quiet" }).err, IsEmpty());
    rein_.set("REIN_LOG", "warning");
    EXPECT_THAT(run({ "devices", "--quiet" }).err, HasSubstr("rein: warning: "));
}

} // namespace
