/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The XFlash family ("V5" agents): doc/xflash.md.
 *
 * Stage 1 is started by the loader, sets up clocks and storage, and takes stage 2, which reads.
 * Both say SYNC when they are ready and then take commands one at a time: a command word, a status,
 * and what belongs to the command. There is no way to cut in; a read is canceled at the border of a
 * packet, by the answer the host owes the agent there anyway.
 *
 * The host says it runs Windows, because agents then read in packets of 2 MiB instead of 64 KiB. */

#include "protocol/session.h"

/* 0 or -ENOMEM; fills the ops, session.c the rest. */
int da_xflash_new(DaSession **ret);
