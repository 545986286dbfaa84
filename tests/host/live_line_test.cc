/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "cli/line_queue.h"
#include "cli/live_line.h"
#include "support/program.h"

namespace
{

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr gint64 kSecond = G_GINT64_CONSTANT(1000000000);

class LiveLineTest : public testing::Test
{
  protected:
    LiveLineTest()
    {
        state_.format = rein_problem_format_find("itc2007");
        state_.progress.n_rounds = 120;
        state_.progress.n_evaluations = 241;
        state_.progress.n_moves = 12000000;
        state_.progress.elapsed_ns = 5 * kSecond;
        state_.progress.fraction = 0.25;
        state_.progress.n_planes = 2;
        state_.progress.best[1] = 12;
        state_.evaluation_rate = 48.2;
        state_.move_rate = 2.41e6;
    }
    std::string
    format(guint width) const
    {
        g_autofree char *line = live_line_format(&state_, width);
        return line;
    }

    LiveState state_ = {};
};

TEST_F(LiveLineTest, WideLineSaysEverything)
{
    EXPECT_EQ(format(200), "round 120 | hard 0, soft 12 | 48.2 evaluations/s | 2.41 M moves/s | "
                           "5.0 s | 15.0 s left");
}

TEST_F(LiveLineTest, LineIsNarrowerThanTheTerminalWhateverItsWidth)
{
    for (guint width = 1; width < 120; width++) {
        EXPECT_LT(format(width).size(), width);
    }
}

TEST_F(LiveLineTest, BestIsLeftOutLast)
{
    EXPECT_THAT(format(60), Not(HasSubstr("evaluations")));
    EXPECT_THAT(format(60), HasSubstr("left"));
    EXPECT_EQ(format(17), "hard 0, soft 12");
}

TEST_F(LiveLineTest, WithoutMovesThereIsNoRateOfThem)
{
    state_.progress.n_moves = 0;

    EXPECT_THAT(format(200), Not(HasSubstr("moves")));
}

TEST_F(LiveLineTest, WithoutALimitThereIsNoTimeLeft)
{
    state_.progress.fraction = 0;

    EXPECT_THAT(format(200), Not(HasSubstr("left")));
}

TEST_F(LiveLineTest, DurationsAreForPeople)
{
    struct {
        double seconds;
        const char *text;
    } cases[] = { { 0, "0.0 s" },      { 9.54, "9.5 s" },     { 59.9, "59.9 s" },
                  { 65, "1 m 05 s" },  { 3599, "59 m 59 s" }, { 3600, "1 h 00 m" },
                  { 7380, "2 h 03 m" } };

    for (const auto &duration : cases) {
        g_autofree char *text =
            live_line_format_duration(static_cast<gint64>(duration.seconds * 1e9));
        EXPECT_STREQ(text, duration.text);
    }
}

TEST_F(LiveLineTest, NumbersHaveThreeDigits)
{
    struct {
        double number;
        const char *text;
    } cases[] = { { 0, "0" },         { 12, "12" },         { 1.5, "1.50" },
                  { 48.25, "48.2" },  { 999.4, "999" },     { 999.6, "1.00 k" },
                  { 1234, "1.23 k" }, { 61.7e6, "61.7 M" }, { 5e15, "5000 T" } };

    for (const auto &number : cases) {
        g_autofree char *text = live_line_format_number(number.number);
        EXPECT_STREQ(text, number.text);
    }
}

TEST_F(LiveLineTest, RatesAreThoseOfTheLastSeconds)
{
    LiveRates rates = {};

    for (int second = 1; second <= 10; second++) {
        state_.progress.elapsed_ns = second * kSecond;
        /* slow at first, then a hundred a second */
        state_.progress.n_evaluations = second <= 5 ? 0 : static_cast<guint64>(second - 5) * 100;
        live_rates_update(&rates, &state_);
    }

    EXPECT_DOUBLE_EQ(state_.evaluation_rate, 100);
}

TEST_F(LiveLineTest, RedrawnLineErasesTheOneBefore)
{
    char *text = nullptr;
    size_t size = 0;
    LiveLine line = { open_memstream(&text, &size), TRUE, 0 };

    live_line_draw(&line, &state_);
    state_.progress.n_rounds = 5; /* shorter */
    live_line_draw(&line, &state_);
    live_line_clear(&line);
    live_line_clear(&line); /* nothing to clear */
    fclose(line.stream);

    std::string drawn(text, size);
    free(text);
    EXPECT_THAT(drawn, HasSubstr("\rround 120 | "));
    EXPECT_THAT(drawn, HasSubstr("\033[K\rround 5 | "));
    EXPECT_THAT(drawn, Not(HasSubstr("\n")));
    EXPECT_THAT(drawn, EndsWith("\033[K\r\033[K"));
}

TEST_F(LiveLineTest, LineThatANarrowerTerminalWrappedIsErasedWhole)
{
    struct winsize size = { 24, 100, 0, 0 };
    rein_test::Terminal terminal;
    FILE *stream = fdopen(terminal.open(), "w");
    LiveLine line = { stream, TRUE, 0 };

    ASSERT_EQ(ioctl(fileno(stream), TIOCSWINSZ, &size), 0);
    live_line_draw(&line, &state_);
    EXPECT_EQ(line.n_drawn, 87u);
    size.ws_col = 40; /* the line takes three then */
    ASSERT_EQ(ioctl(fileno(stream), TIOCSWINSZ, &size), 0);
    live_line_draw(&line, &state_);
    std::string drawn = terminal.read_all();
    EXPECT_THAT(drawn, HasSubstr("left\033[K\r\033[2A\033[J\r"));

    size.ws_col = 20;
    ASSERT_EQ(ioctl(fileno(stream), TIOCSWINSZ, &size), 0);
    live_line_clear(&line);
    EXPECT_EQ(terminal.read_all(), "\r\033[1A\033[J\r\033[K");
    fclose(stream);
}

TEST_F(LiveLineTest, PlainLinesStayAndHaveAnEnd)
{
    char *text = nullptr;
    size_t size = 0;
    LiveLine line = { open_memstream(&text, &size), FALSE, 0 };

    live_line_draw(&line, &state_);
    live_line_clear(&line);
    fclose(line.stream);

    std::string drawn(text, size);
    free(text);
    EXPECT_EQ(drawn.back(), '\n');
    EXPECT_THAT(drawn, Not(HasSubstr("\r")));
}

TEST_F(LiveLineTest, TextIsShownAsFarAsThereIsRoomForIt)
{
    struct winsize size = { 24, 10, 0, 0 };
    rein_test::Terminal terminal;
    FILE *stream = fdopen(terminal.open(), "w");
    LiveLine line = { stream, TRUE, 0 };

    ASSERT_EQ(ioctl(fileno(stream), TIOCSWINSZ, &size), 0);
    live_line_show(&line, "12/40 done | 1 running");
    EXPECT_EQ(terminal.read_all(), "\r12/40 don\033[K");
    live_line_show(&line, "done");
    EXPECT_EQ(terminal.read_all(), "\rdone\033[K");
    fclose(stream);
}

class LineQueueTest : public testing::Test
{
  protected:
    LineQueueTest()
    {
        EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
        queue_ = line_queue_new(
            ends_[1],
            [](gpointer user_data) { static_cast<LineQueueTest *>(user_data)->n_told_++; }, this);
    }
    ~LineQueueTest() override
    {
        line_queue_free(queue_);
        close_reader();
        close(ends_[1]);
    }
    void
    close_reader()
    {
        if (ends_[0] >= 0) {
            close(ends_[0]);
        }
        ends_[0] = -1;
    }
    /* Lets the main loop do what can be done without waiting. */
    static void
    iterate()
    {
        while (g_main_context_iteration(nullptr, FALSE)) {
        }
    }

    int ends_[2] = { -1, -1 };
    LineQueue *queue_ = nullptr;
    int n_told_ = 0;
};

TEST_F(LineQueueTest, LinesAreWrittenInOrder)
{
    char text[32] = "";

    line_queue_add(queue_, "one");
    line_queue_add(queue_, "two");
    EXPECT_FALSE(line_queue_is_empty(queue_));
    iterate();

    EXPECT_TRUE(line_queue_is_empty(queue_));
    EXPECT_EQ(n_told_, 1);
    EXPECT_EQ(read(ends_[0], text, sizeof text), 8);
    EXPECT_STREQ(text, "one\ntwo\n");
}

TEST_F(LineQueueTest, ReaderThatDoesNotReadHoldsUpNothing)
{
    std::string line(1000, 'x');
    std::string got;
    char chunk[65536];

    /* more than any pipe holds: iterate() comes back all the same */
    for (int i = 0; i < 2000; i++) {
        line_queue_add(queue_, line.c_str());
    }
    iterate();
    EXPECT_FALSE(line_queue_is_empty(queue_));

    while (got.size() < 2000 * 1001) {
        ssize_t size = read(ends_[0], chunk, sizeof chunk);
        ASSERT_GT(size, 0);
        got.append(chunk, static_cast<std::size_t>(size));
        iterate();
    }
    EXPECT_TRUE(line_queue_is_empty(queue_));
    EXPECT_EQ(line_queue_get_error(queue_), 0);
}

TEST_F(LineQueueTest, ReaderThatWentAwayIsToldOnce)
{
    signal(SIGPIPE, SIG_IGN);
    close_reader();

    line_queue_add(queue_, "one");
    iterate();
    line_queue_add(queue_, "two");
    iterate();

    EXPECT_EQ(line_queue_get_error(queue_), EPIPE);
    EXPECT_TRUE(line_queue_is_empty(queue_));
    EXPECT_EQ(n_told_, 1);
}

} // namespace
