/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is known about each part while it is read: checksums, counts, index.
 *
 * A part outside the critical set is read once; its index is written while its chunks come. A part
 * of the critical set is read in several passes; the hashes of its chunks (64 at most a pass) are
 * kept until ledger_settle decides which pass counts: two equal ones win, unless both have holes
 * where a third was read whole; without two equal ones the first that has no holes is kept and the
 * part is unstable. */

#include "store/index.h"
#include "store/intake.h"
#include "store/manifest.h"
#include "store/plan.h"

enum { LEDGER_PASSES = 3 };

typedef struct Ledger Ledger;

/* Makes the parts and regions of the manifest from the plan. `index` is the folder for index files;
 * all stay the caller's. 0 or -ENOMEM. */
int ledger_new(const Plan *plan, Manifest *manifest, int index, Ledger **ret);
Ledger *ledger_free(Ledger *l);
DEFINE_CLEANUP(Ledger, ledger_free)

/* Fills in size, place and expectation of an item whose bytes are there, and adds them to the
 * running checksum. Called in the order in which a part is read. */
void ledger_push(Ledger *l, IntakeItem *item, size_t part, unsigned pass, uint64_t chunk);
/* Takes the result of an item, in the same order. 1 when it was the last chunk of its pass, 0, or
 * an error of the index file. */
int ledger_take(Ledger *l, const IntakeItem *item, Failure *f);
/* Notes what an item cost, once it is known whether its chunk is new. */
void ledger_count(Ledger *l, const IntakeItem *item);
/* True when every chunk of this pass was taken. */
bool ledger_has_pass(const Ledger *l, size_t part, unsigned pass);
/* True when the first two passes were taken and differ. */
bool ledger_differs(const Ledger *l, size_t part);
/* Writes the indexes of the critical set. 0, or an error of writing them. */
int ledger_settle(Ledger *l, Failure *f);

/* A place of a pass that could not be read; one that follows the last with the same error makes that
 * longer. 0, -ENOMEM, or -E2BIG with f for more than MANIFEST_BAD_MAX. */
int ledger_bad(Ledger *l, size_t part, unsigned pass, const ManifestBad *bad, Failure *f);
/* Nothing of the part could be read; error says why, to people. */
void ledger_unreadable(Ledger *l, size_t part, const char *error);
