/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* mtkbackup-keeper: the process that talks to the disk (wire/verbs.h says how it is spoken to).
 *
 * It cages itself to the store's folder, takes one request and does it on a thread of its own, while
 * the main thread listens for the daemon and sends signs of life: a slow disk never looks like a
 * hang, and a cancel is heard at any time. */

enum { KEEPER_CONTROL = 3, KEEPER_STORE = 4 };

int keeper_main(int argc, char *argv[]);
