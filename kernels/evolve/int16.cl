/* SPDX-License-Identifier: MIT */

/* The kind of gene that the texts after this one work on: integers of 16 bits. */

typedef u16 ReinGene;
