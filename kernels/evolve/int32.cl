/* SPDX-License-Identifier: MIT */

/* The kind of gene that the texts after this one work on: integers of 32 bits. */

typedef u32 ReinGene;
