/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the readers of scatter dialects share: they find keys and values, this makes sections and
 * partitions of them. */

#include "format/scatter.h"

/* which of the blocks of a file the next key belongs to */
typedef enum ScatterContext {
        CONTEXT_NONE,     /* before anything */
        CONTEXT_PLATFORM, /* general: MTK_PLATFORM_CFG */
        CONTEXT_STORAGE,  /* general: MTK_STORAGE_CFG, or a section's head */
        CONTEXT_PARTITION,
} ScatterContext;

enum { SCATTER_UNKNOWN_KEYS_MAX = 32, SCATTER_VALUE_MAX = 512 };

typedef struct ScatterBuilder {
        Scatter *scatter;
        Layout *layout; /* section being filled; NULL before the first */
        ScatterContext context;
        bool has_config, has_legacy; /* what was seen of the dialects */
        bool has_brace;              /* legacy entries have them; without one it is another list */
        char platform[32], project[LAYOUT_TEXT_MAX];
        uint32_t seen; /* keys that the current partition had, bits by their row */
        char unknown[SCATTER_UNKNOWN_KEYS_MAX][32]; /* unknown keys that were told of */
        size_t n_unknown;
} ScatterBuilder;

/* 0 or -ENOMEM */
int scatter_builder_init(ScatterBuilder *b);
void scatter_builder_done(ScatterBuilder *b);

/* A key of a config scatter or of XML, with its value ("" for none), both UTF-8 without control
 * characters. 0 or -ENOMEM; what is wrong is a problem of the section. */
int scatter_builder_key(ScatterBuilder *b, unsigned line, const char *key, const char *text);
/* An entry of a legacy scatter. */
int scatter_builder_legacy(ScatterBuilder *b, unsigned line, const char *name, uint64_t address);
/* Makes sure that there is a section to fill. 0 or -ENOMEM. */
int scatter_builder_section(ScatterBuilder *b);
/* A problem of the file, kept in the current section. */
void scatter_builder_problem(ScatterBuilder *b, unsigned line, const char *format, ...)
        _printf_(3, 4);
/* Completes and checks everything. 0 and the scatter; -EBADMSG when there was none. */
int scatter_builder_finish(
        ScatterBuilder *b, const char *file_name, ScatterDialect dialect, Scatter **ret);

/* sizes, names and defaults that a legacy list leaves out (scatter-legacy.c) */
void scatter_complete_legacy(Layout *l, const char *file_name);

/* the readers; same results as scatter_read() */
int scatter_read_text(const char *file_name, const char *text, size_t size, Scatter **ret);
int scatter_read_xml(const char *text, size_t size, Scatter **ret);

/* "0x…" hexadecimal, or decimal; false for anything else */
bool scatter_number(const char *text, uint64_t *ret);
/* "EMMC" …, "NONE" */
const char *scatter_storage_name(StorageType storage);
