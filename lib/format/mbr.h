/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* MBR with its chain of EBRs, as MediaTek phones before GPT have them: doc/partitions.md, "MBR".
 *
 * Only the file systems of such a phone are listed, and their names are not; a scatter file or a PMT
 * has the rest. Records in an EBR count from that EBR, and one EBR may hold several of them, which
 * desktop tools do not expect. */

#include "format/layout.h"
#include "format/source.h"

enum { MBR_SECTOR = 512, MBR_CHAIN_MAX = 16 };

/* Reads the table whose MBR is the first sector of the source, the start of a user area of area_size
 * bytes (0: unknown). Parts are the tables themselves ("MBR", "EBR1"…, a sector each)
 * and "part<N>" for each record, numbered as Linux does: 1 to 4 in the MBR, from 5 on in the chain.
 * An EBR that the source does not have is a problem.
 * 0; -ENOENT: no such table, or the protective one of a GPT; -ENOMEM; the source's error. */
int mbr_read(Source *source, uint64_t area_size, Layout **ret);
