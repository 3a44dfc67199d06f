/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Scatter files, the partition lists of MediaTek's flash tools: doc/scatter.md.
 *
 * Four dialects say the same: a bare list of names and addresses (legacy), a YAML-like text of one
 * storage (V1.x), the same with a section for each storage (V2.x), and XML. All of them become
 * Layouts, a section each, and are written from Layouts.
 *
 * Real files are edited by hand and by many tools. Nothing short of a file that holds no scatter at
 * all stops a reader: what is doubtful is a problem with its line, and the rest is read. */

#include "format/layout.h"

typedef enum ScatterDialect {
        SCATTER_LEGACY,
        SCATTER_V1,
        SCATTER_V2,
        SCATTER_XML,
        _SCATTER_MAX
} ScatterDialect;
const char *scatter_dialect_to_string(ScatterDialect dialect); /* "legacy", "v1", "v2", "xml" */
int scatter_dialect_from_string(const char *name);

enum {
        SCATTER_SECTIONS_MAX = 4,
        SCATTER_SIZE_MAX = 4 * 1024 * 1024, /* bytes of a file */
        SCATTER_TOOL_PARTS_MAX = 128,       /* what flash tools take */
};

/* bits of Partition.keys */
enum {
        SCATTER_KEY_SCATTER = 1, /* it came from a scatter at all */
        SCATTER_KEY_UPGRADABLE = 2,
        SCATTER_KEY_EMPTY_BOOT = 4,
        SCATTER_KEY_COMBO = 8,
};

typedef struct Scatter {
        ScatterDialect dialect;
        char version[16];                       /* as written, "V1.1.2"; "" in legacy files */
        Layout *sections[SCATTER_SECTIONS_MAX]; /* at least one; each knows its storage */
        size_t n_sections;
} Scatter;

Scatter *scatter_free(Scatter *s);
DEFINE_CLEANUP(Scatter, scatter_free)

/* Reads any dialect. file_name (may be NULL) tells chip and storage of a legacy file.
 *
 * Every section is placed (address.h) as far as that goes without the size of the area, and checked;
 * parts that count from the end stay unplaced until layout_set_region() and layout_place().
 *
 * 0; -EBADMSG: there is no scatter in it; -EFBIG: more than SCATTER_SIZE_MAX bytes; -ENOMEM. */
int scatter_read(const char *file_name, const void *text, size_t size, Scatter **ret);

/* The section of this storage; of unknown storage: the only one. NULL when there is none. */
Layout *scatter_section(const Scatter *s, StorageType storage);

/* Writes V1.1.2 (one section), V2.1.0 or XML; legacy cannot be written. What a layout does not know
 * (file names, types) is written as it is: scatter-make.h fills it in. *ret is to be freed.
 * 0; -EINVAL for the wrong number of sections or the legacy dialect; -ENOMEM. */
int scatter_write(ScatterDialect dialect, Layout *const *sections, size_t n_sections, char **ret,
        size_t *ret_size);
