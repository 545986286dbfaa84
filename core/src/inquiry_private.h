/* SPDX-License-Identifier: MIT */

/*
 * A conversation with one worker about one plugin: it is loaded there, then asked for its drivers or
 * its devices. Never waits: who holds several polls for all of them, so that each has its own
 * deadline and none holds up another. Whatever the worker does, the conversation ends with an answer
 * or a reason. [core thread]
 */

#pragma once

#include <glib.h>
#include <poll.h>
#include <rein/device.h>

G_BEGIN_DECLS

typedef struct ReinInquiry ReinInquiry;

/* What a worker is asked; the first comes by itself. */
typedef enum {
    REIN_INQUIRY_LOAD,
    REIN_INQUIRY_LIST,
    REIN_INQUIRY_PROBE,
} ReinQuestion;

/* How the last question stands. */
typedef enum {
    REIN_INQUIRY_BUSY,
    REIN_INQUIRY_ANSWERED,
    REIN_INQUIRY_FAILED, /* the worker crashed, hung, ended or spoke garbage, and is gone */
} ReinInquiryState;

/* Who is to blame for a failure, which tells whether it is worth asking again. */
typedef enum {
    REIN_INQUIRY_NO_FAULT, /* not the plugin: no worker could be started, or somebody killed it */
    REIN_INQUIRY_BROKE,    /* it crashed, exited or spoke garbage */
    REIN_INQUIRY_HUNG,
} ReinInquiryFault;

/* What was answered so far; text is as it came, the inquiry's. */
typedef struct ReinAnswer {
    gboolean is_refused; /* the plugin cannot be loaded: `reason` */
    guint32 features;    /* REIN_FEATURE_* */
    char *name;
    char *version;
    GPtrArray *drivers; /* ReinDriverRecord; each looked at */
    GArray *devices;    /* ReinDeviceInfo; not looked at */
    char *reason;       /* what was said to the last question, or why it failed */
} ReinAnswer;

/* How to start one. */
typedef struct ReinInquirySetup {
    const char *program;     /* rein-worker */
    const char *path;        /* of the plugin */
    GHashTable *settings;    /* text to text */
    GPtrArray *variables;    /* (nullable) "NAME=VALUE", in place of what this process has */
    gint64 timeout_ns;       /* for each answer */
    ReinIsolation isolation; /* the most that is tried */
} ReinInquirySetup;

/* Most descriptors that one inquiry polls. */
#define REIN_INQUIRY_POLLS 3u

/* Starts a worker, which loads the plugin. Fails like any other question. */
ReinInquiry *rein_inquiry_new(const ReinInquirySetup *setup);

/* NULL is a no-op; a worker that still runs is killed. [may block] */
void rein_inquiry_free(ReinInquiry *self);

/* The next question, after the last was answered. */
void rein_inquiry_ask(ReinInquiry *self, ReinQuestion question);

ReinInquiryState rein_inquiry_get_state(const ReinInquiry *self);

ReinInquiryFault rein_inquiry_get_fault(const ReinInquiry *self);

/* The last question. */
ReinQuestion rein_inquiry_get_question(const ReinInquiry *self);

const ReinAnswer *rein_inquiry_get_answer(const ReinInquiry *self);

/* Nothing more is asked: the worker may end by itself, and is killed if it takes longer than 1 s. */
void rein_inquiry_finish(ReinInquiry *self);

/* Whether it is finished, and there is no worker any more. */
gboolean rein_inquiry_has_ended(const ReinInquiry *self);

/* Writes what is to be waited for to `polls`, of REIN_INQUIRY_POLLS; returns how many. */
guint rein_inquiry_prepare(const ReinInquiry *self, struct pollfd *polls);

/* When it is to be handled at the latest; G_MAXINT64: not because of the time. */
gint64 rein_inquiry_get_due_ns(const ReinInquiry *self);

/* Takes what came and sees to the time. To be called after each poll. */
void rein_inquiry_handle(ReinInquiry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinInquiry, rein_inquiry_free)

G_END_DECLS
