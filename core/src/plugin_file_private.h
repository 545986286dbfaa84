/* SPDX-License-Identifier: MIT */

/*
 * A file that the search came across, and what is known of the plugin in it: what workers said, and,
 * once a device of it was opened here, the plugin itself. A plain record of the registry, filled by
 * the scan. [core thread]
 */

#pragma once

#include <glib.h>
#include <rein/registry.h>

#include "driver_private.h"
#include "inquiry_private.h"
#include "plugin_private.h"

G_BEGIN_DECLS

typedef enum {
    REIN_FILE_NEW,       /* nothing is known */
    REIN_FILE_LOADING,   /* a worker loads it */
    REIN_FILE_DESCRIBED, /* its name is known; nobody has asked for more */
    REIN_FILE_LISTING,   /* a worker lists its drivers */
    REIN_FILE_PROBING,   /* its probes are at work */
    REIN_FILE_DONE,      /* all is known that ever will be */
} ReinFileStage;

/* What one driver of a plugin says, or the plugin itself where it has no drivers. */
typedef struct ReinFileProbe {
    ReinDriverRecord *driver; /* NULL: the plugin itself */
    ReinInquiry *inquiry;     /* the scan's; NULL unless it is at work */
    GArray *devices;          /* ReinDeviceInfo, as they arrived */
    char *reason;
    char *key;   /* rein_candidate_key(); NULL until it was looked for in quarantine */
    char *since; /* when it was put there, "" unless it is */
    gboolean is_done;
    gboolean has_failed; /* now, or before it was put into quarantine */
} ReinFileProbe;

typedef struct ReinPluginFile {
    char *path;
    char *name;    /* "" until it is described */
    char *version; /* "" until it is described */
    ReinFileStage stage;
    ReinCandidateState state;
    guint32 features; /* REIN_FEATURE_* */
    char *reason;
    char *key; /* as of a probe */
    char *since;
    GPtrArray *probes;    /* ReinFileProbe, in the plugin's order */
    ReinInquiry *inquiry; /* the scan's; NULL unless it is at work */
    ReinPlugin *plugin;   /* NULL unless it is loaded in this process */
} ReinPluginFile;

ReinPluginFile *rein_plugin_file_new(const char *path);
void rein_plugin_file_free(ReinPluginFile *self);

/* Nothing more will be known of it. */
void rein_plugin_file_end(ReinPluginFile *self, ReinCandidateState state, const char *reason);

/* Adds a probe of `driver` (transfer full) (nullable), which the file owns. */
ReinFileProbe *rein_plugin_file_add_probe(ReinPluginFile *self, ReinDriverRecord *driver);

/* Lets the next scan ask again what was not asked because it was in quarantine. */
void rein_plugin_file_retry(ReinPluginFile *self);

G_END_DECLS
