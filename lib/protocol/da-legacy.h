/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Legacy download agents: MT65xx up to MT6735 and MT6580, MT8127, MT8163, MT8590 (doc/legacy.md).
 *
 * Some of these agents know one address space only, in which the boot areas and RPMB stand before
 * USER; they accept the choice of an area and ignore it. That is found out by looking, and then
 * every address is moved (legacy-space.h). */

#include "protocol/session.h"

int da_legacy_new(DaSession **ret);
