/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What da-xml.c (session) and xml-end.c (the ends of areas) share. */

#include "protocol/session.h"
#include "protocol/xml-link.h"

typedef struct DaXml {
        DaSession session; /* first */
        XmlLink link;
        bool ends_refused; /* this build does not read up to the end of an area */
} DaXml;

/* READ-FLASH of a part of a region. Returns an XmlResult, what the sink returned, or an error. */
int xml_read_flash(DaXml *x, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f);
/* The message of the last command says that the range reaches the end. */
bool xml_end_was_refused(const DaXml *x);
/* [offset, end of the region) on a build that refuses it. Like DaOps.read. */
int xml_read_to_end(
        DaXml *x, const Region *region, uint64_t offset, DaSink sink, void *userdata, Failure *f);
