/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What kind of file is this: doc/identify.md.
 *
 * Decided by content alone, cheaply: a few kilobytes at known places, never a search through the
 * whole. A kind only says which reader to ask; that reader tells whether the file is whole. */

#include "format/source.h"

typedef enum FileKind {
        FILE_UNKNOWN,
        FILE_EMPTY, /* no byte, or only 00 or FF where anything could be told from */
        FILE_SPARSE,
        FILE_DA_CONTAINER,
        FILE_BOOT_IMAGE,
        FILE_VENDOR_BOOT_IMAGE,
        FILE_VBMETA,
        FILE_DTBO,
        FILE_MTK_IMAGE,
        FILE_FEATURE_ROM,
        FILE_BOOT_AREA, /* BOOT1 or LU0, raw */
        FILE_PRELOADER, /* bare file */
        FILE_LOADER,    /* another file with a GFH */
        FILE_SUPER,
        FILE_FILESYSTEM,
        FILE_GPT,
        FILE_PMT,
        FILE_MBR, /* or EBR */
        FILE_SCATTER,
        FILE_SCATTER_LEGACY,
        FILE_SCATTER_XML,
        FILE_READBACK_V5,
        FILE_READBACK_V6,
        FILE_CONSOLE_V5,
        FILE_CONSOLE_V6,
        FILE_CHECKSUM_INI,
        FILE_CHECKSUM_XML,
        FILE_MEMORY_REPORT,
        FILE_FEATURE_CFG,
        _FILE_KIND_MAX
} FileKind;
/* "gpt", "boot-image" … as in JSON */
const char *file_kind_to_string(FileKind kind);
int file_kind_from_string(const char *name);
/* "GUID partition table", for people */
const char *file_kind_describe(FileKind kind);

enum { IDENTIFY_TEXT_MAX = 1024 * 1024 }; /* longest beginning of a text that is looked at */

/* 0 or the source's error. A whole dump of a phone shows as its partition table. */
int file_identify(Source *s, FileKind *ret);
