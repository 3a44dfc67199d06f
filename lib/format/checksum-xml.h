/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* scatter_checksum.xml, the list of sums of SP Flash Tool 6: doc/checksum.md.
 * Keyed by file name; read and written with libxml2, without network, entities or a DTD. */

#include "format/layout.h"

enum { CHECKSUM_XML_FILE_MAX = 4 * 1024 * 1024, CHECKSUM_XML_FILES_MAX = 4096 };

typedef struct ChecksumXmlEntry {
        char file[256];
        char method[16]; /* "ADD" is the only one whose sum is known */
        uint32_t sum;
        unsigned line;
} ChecksumXmlEntry;

typedef struct ChecksumXml {
        ChecksumXmlEntry *entries;
        size_t n_entries, entries_size;
} ChecksumXml;

ChecksumXml *checksum_xml_new(void);
ChecksumXml *checksum_xml_free(ChecksumXml *c);
DEFINE_CLEANUP(ChecksumXml, checksum_xml_free)

/* NULL when out of memory, at the limit or for a name that is too long. */
ChecksumXmlEntry *checksum_xml_add(ChecksumXml *c, const char *file, uint32_t sum);

/* 0; -ENOENT: well-formed, but something else; -EBADMSG: not well-formed; -ENOMEM. Problems go to
 * l, which may be NULL. */
int checksum_xml_read(const char *text, size_t size, ChecksumXml **ret, Layout *l);
int checksum_xml_write(const ChecksumXml *c, char **ret);
