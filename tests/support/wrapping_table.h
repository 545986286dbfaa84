/* SPDX-License-Identifier: MIT */

/*
 * A plugin table around any other, for failure injection: it passes calls on, counts and records
 * them, makes the Nth call of a slot fail or hang, and notes every breach of plugin_abi.h by the
 * core. One at a time in a process, since a table has no context. [any thread]
 *
 *     WrappingTable wrapping(rein_plugin_get_table(cpu));
 *     wrapping.FailCall(Slot::kAllocate, 3, REIN_ERR_OUT_OF_MEMORY);
 *     g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(wrapping.table(), &error);
 *     ...
 *     EXPECT_THAT(wrapping.Breaches(), IsEmpty());
 *     EXPECT_EQ(wrapping.HeldBuffers(), 0u);
 */

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <rein/plugin_abi.h>

namespace rein_test
{

enum class Slot {
    kProbe,
    kOpen,
    kClose,
    kBuild,
    kDiscard,
    kAllocate,
    kRelease,
    kWrite,
    kRead,
    kRunFitness,
    kUsage,
    kCleanup,
    kMemoryInfo,
    kInterrupt,
};

constexpr int kNSlots = 14;

/* "run_fitness", as in the table. */
const char *SlotName(Slot slot);

/* All slots, or those that answer with a status. */
const std::vector<Slot> &AllSlots();
const std::vector<Slot> &FailingSlots();

/* One call that the core made, in the order in which they began. */
struct CallRecord {
    Slot slot;
    uint64_t job;   /* 0 where the slot has none */
    uint64_t token; /* program or buffer: the one passed in, or the one that came out */
    uint64_t size; /* allocate, write, read: bytes; run_fitness: rounds done, or items of a range */
    ReinStatus status; /* the answer the core got; REIN_OK for slots without one */
    bool is_injected;  /* answered, or bent, by the wrapper */
    bool stop_was_set; /* run_fitness: the flag was up when the call began */
};

struct WrappingState;

class WrappingTable
{
  public:
    /* `inner` is copied; the library it lies in must stay loaded. */
    explicit WrappingTable(const ReinPluginTable *inner);

    /*
     * Lets hanging calls go and waits until every device is closed and no call is under way; it is
     * a test failure if that does not happen within 30 s.
     */
    ~WrappingTable();

    WrappingTable(const WrappingTable &) = delete;
    WrappingTable &operator=(const WrappingTable &) = delete;

    /* Optional slots are there if the inner table has them. */
    const ReinPluginTable *table() const;

    /*
     * The nth call (from 1, counted since the wrapper was made) of `slot` is not passed on and
     * fails with `status`, which need not be one the ABI knows. Slots without a status "fail" thus:
     * usage counts one buffer of 4096 bytes too many, cleanup drops nothing, close and interrupt
     * ignore it. What the inner plugin keeps because of that is dropped before its close.
     */
    void FailCall(Slot slot, unsigned nth, ReinStatus status = REIN_ERR_FAILED,
                  const std::string &text = "injected failure");

    /* The same for the nth and every later call. */
    void FailCallsFrom(Slot slot, unsigned nth, ReinStatus status = REIN_ERR_FAILED,
                       const std::string &text = "injected failure");

    /* The nth call of `slot` waits for LetGo() and is then passed on. */
    void HangCall(Slot slot, unsigned nth);

    /* Waits until a call hangs; false after 30 s. */
    bool WaitUntilHanging();

    /* Lets calls that hang go on, now and later. */
    void LetGo();

    /* Runs `hook` on the calling thread just before (after) the nth call of `slot` is passed on. */
    void BeforeCall(Slot slot, unsigned nth, std::function<void()> hook);
    void AfterCall(Slot slot, unsigned nth, std::function<void()> hook);

    /* Forgets rules; counts and records stay. */
    void ClearRules();

    unsigned Count(Slot slot) const;

    /* Waits until a call of `slot` has begun, as interrupt() does in its own time; false after 30 s. */
    bool WaitUntilCalled(Slot slot);
    std::vector<CallRecord> Calls() const;

    /*
     * The names of the slots in order, as in "open build allocate ..."; repetitions as "write*3".
     */
    std::string Story() const;

    /*
     * What the core did against the contract, in words: a slot on another thread than open(), two
     * at once, a job used after its cleanup(), a token unknown or of another job or given back
     * twice, a range outside its buffer, a bad slice, a device closed with jobs not cleaned up or
     * used after it was lost. A slot called after close() ends the program: there is nothing to
     * pass it on to.
     */
    std::vector<std::string> Breaches() const;

    /* What the core holds now, over all jobs: by calls that were answered with REIN_OK. */
    unsigned OpenDevices() const;
    unsigned HeldBuffers() const;
    unsigned HeldPrograms() const;
    uint64_t HeldSize() const; /* bytes */

    /* Waits until no device is open; false after 30 s. For devices that were given up. */
    bool WaitUntilClosed();

  private:
    std::shared_ptr<WrappingState> state_;
};

} // namespace rein_test
