/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The files in which an XML agent describes the phone (doc/xml.md 4). Values are taken by name; what
 * is missing is 0, what is there too much does not matter. */

#include "protocol/session.h"
#include "protocol/xml-text.h"

/* GET-HW-INFO. 0; -ENODEV: the agent sees no storage; -EPROTO: not such a file, or sizes that make
 * no sense. packet_size and da_version are left alone. */
int xml_hw_info(XmlText text, StorageInfo *ret);
/* Name of a region in READ-FLASH; NULL when there is none. */
const char *xml_section(StorageType type, RegionKind kind);
/* The name under which READ-PARTITION gives the end of a region; NULL when there is none. */
const char *xml_end_name(RegionKind kind);
/* READ-PARTITION-TABLE: adds the partitions, all of USER, in bytes. 0 or -EPROTO. */
int xml_partition_table(XmlText text, Layout *layout);
