/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One export that is going on: a stored backup, one of its parts or regions, the descriptor it goes
 * to. Each form of output is a function; what they share is here. */

#include "daemon/keeper/operation.h"
#include "format/sink.h"
#include "store/backup.h"
#include "store/copy.h"

typedef struct Export {
        Operation *operation;
        const Store *store;
        const Backup *backup;
        ChunkCodec *codec;
        CopyTarget target;
        uint64_t done, total;
        bool errors; /* something in it is not what the phone holds */
} Export;

/* Counts bytes of the image; -ECANCELED when the daemon wants an end. */
int export_advance(void *userdata, uint64_t bytes);
/* The part of this name or file; NULL with the failure. */
const ManifestPart *export_find(Export *e, const char *name);
/* Opens the image of a part that is stored; negative with the failure. */
int export_open(Export *e, const ManifestPart *part, Image **ret);

/* The forms of export-forms.c: name is that of a part. */
int export_simg(Export *e, const char *name);
int export_zst(Export *e, const char *name);
int export_map(Export *e, const char *name);
