/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The order of the bytes of an eMMC id.
 *
 * An agent reads the id as four words and hands them on in the order of its own processor or of the
 * bus. In natural order the maker comes first. Which order it was can only be told from the content:
 * a known maker's number, then one of the few kinds of device. (doc/legacy.md 2) */

#include "basic/cleanup.h"

enum { CID_SIZE = 16 };

/* Puts the bytes of each 32-bit word the other way round. */
void cid_turn(uint8_t cid[CID_SIZE]);
/* Does it begin like an id in natural order? */
bool cid_is_natural(const uint8_t cid[CID_SIZE]);
/* Turns it when that makes it natural, leaves it alone otherwise. */
void cid_make_natural(uint8_t cid[CID_SIZE]);
