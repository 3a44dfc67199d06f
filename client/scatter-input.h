/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the verbs about scatter files and readback lists work on: the tables of one phone, from a
 * scatter of any dialect, from a partition table or a dump (a scatter is made of it then), from the
 * listing of an old kernel, or from a stored backup by its id. */

#include <jansson.h>

#include "client/verb.h"
#include "format/scatter.h"

/* options that tell what the input itself does not */
typedef struct ScatterWish {
        const char *storage; /* word of an option */
        const char *chip, *project, *report;
        uint64_t user_size, boot_size; /* bytes, 0 unknown */
} ScatterWish;

#define SCATTER_WISH_OPTIONS(wish)                                                                 \
        { 0, "storage", "emmc|ufs|…", "which part of a file for several kinds of storage",         \
                OPTION_STRING, &(wish).storage },                                                  \
                { 0, "chip", "NAME", "the chip, MT6765", OPTION_STRING, &(wish).chip },            \
                { 0, "project", "NAME", "the project's name", OPTION_STRING, &(wish).project },    \
                { 0, "user-size", "SIZE", "size of the user area (EMMC_USER, LU2)", OPTION_SIZE,   \
                        &(wish).user_size },                                                       \
                { 0, "boot-size", "SIZE", "size of a boot area (BOOT1, LU0)", OPTION_SIZE,         \
                        &(wish).boot_size },                                                       \
        {                                                                                          \
                0, "report", "FILE", "a memory report that tells these sizes", OPTION_STRING,      \
                        &(wish).report                                                             \
        }

typedef struct ScatterInput {
        Scatter *scatter;
        const char *kind; /* "scatter", "gpt", "pmt", "mbr", "dumchar", "backup" */
        Layout *sections[SCATTER_SECTIONS_MAX]; /* those that were asked for; borrowed */
        size_t n_sections;
        Layout *table; /* what a scatter was made of; NULL when it was one */
} ScatterInput;

/* Reads and places; 0 or an exit code. `word` is a path, or the id of a backup when there is no such
 * file. */
int scatter_input_load(const char *word, const ScatterWish *wish, ScatterInput *ret);
void scatter_input_done(ScatterInput *i);
#define _cleanup_scatter_input_ _cleanup_(scatter_input_done)

/* {kind, dialect, version, chip, project, storages, partitions, problems} */
json_t *scatter_input_report(const ScatterInput *i, const char *word);
/* Problems and notes to stderr, for results that go to stdout. */
void scatter_input_complain(const ScatterInput *i);
