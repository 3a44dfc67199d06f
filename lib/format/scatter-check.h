/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whether a scatter fits its flash, and whether two tables say the same. */

#include "format/layout.h"

/* Everything that layout_check() finds, holes as notes, addresses that could not be resolved, sizes
 * that are no whole sectors. */
void scatter_check(Layout *l);

/* Adds to `l` what `other` says differently: other places and sizes, parts that only one of them
 * has. What no partition table can list (the loader, the tables themselves) is not missed in one.
 * userdata of another size is a note: scatter files hold a placeholder there. A size of an area that
 * only one of them knows is taken over by the other, and its parts are placed by it. */
void scatter_compare(Layout *l, Layout *other);
