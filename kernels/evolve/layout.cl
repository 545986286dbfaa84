/* SPDX-License-Identifier: MIT */

/* What the engine and its kernels share: read by librein, too, so nothing but numbers. */

/* Words of `status`, the state of the best so far; one of two alternating with the population. */
#define STATUS_HAS_BEST 0
#define STATUS_SLOT 1 /* which of the two slots of `best` holds it */
#define STATUS_MET 2  /* the target was met in an earlier round: the best stands still */
#define STATUS_BEST 3 /* 3 to 6: its fitness */
#define STATUS_COUNT 8

/* Words of one block's part of the reduction. */
#define PART_INDEX 0
#define PART_N_EVALUATED 1
#define PART_N_NAN 2
#define PART_DIGEST 3
#define PART_COUNT 4

/* Individuals of one block. */
#define BLOCK 256u

/* Words of a record in the ring; read by the host. */
#define RECORD_ROUND 0
#define RECORD_BEST_INDEX 1
#define RECORD_N_EVALUATED 2
#define RECORD_N_NAN 3
#define RECORD_DIGEST 4
#define RECORD_IS_BETTER 5
#define RECORD_SLOT 6
#define RECORD_MET 7
#define RECORD_BEST 8  /* 8 to 11: the round's best fitness */
#define RECORD_EVER 12 /* 12 to 15: the best so far */
#define RECORD_COUNT 16
