/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chips.h"

const Personality xml_personalities[] = { {} };
const Personality brom_personalities[] = { {} };
