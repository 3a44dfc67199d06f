/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* XML download agents: the phones whose agent file says MTK_DA_v6 (doc/xml.md).
 *
 * There are no checksums in this protocol. What can be checked is: the announced size is the wanted
 * one, every packet is framed, the command ends with OK after all bytes.
 *
 * Some builds refuse a read that reaches the end of an area. Then the last byte comes from one of the
 * names under which such a build gives whole boot areas and the last sectors of USER, after what both
 * ways give was compared (xml-end.c). */

#include "protocol/session.h"

int da_xml_new(DaSession **ret);
