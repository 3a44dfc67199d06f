/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Seekable zstd files: doc/seekable.md.
 *
 * A zstd file of independent frames with a table of their lengths at its end, in a frame that other
 * programs skip: `zstd -d` gives the whole content, a program that knows the table can read from the
 * middle. The frames are made by whoever calls; this keeps the table and writes it. */

#include "format/sink.h"

enum {
        SEEKABLE_FRAME_CONTENT = 1024 * 1024, /* bytes of content in a frame of ours */
        SEEKABLE_FRAMES_MAX = 0x8000000,      /* what the table can have */
};

typedef struct SeekableTable SeekableTable;

SeekableTable *seekable_table_new(void);
SeekableTable *seekable_table_free(SeekableTable *t);
DEFINE_CLEANUP(SeekableTable, seekable_table_free)

/* Notes the next frame. 0, -E2BIG for too many or too long ones, -ENOMEM. */
int seekable_table_add(SeekableTable *t, size_t frame_size, size_t content_size);
/* Writes the table behind the last frame. 0, -ENOMEM or the sink's error. */
int seekable_table_write(const SeekableTable *t, Sink *out);

/* The content of such a file as a source, a frame decoded at a time; the file must outlive it. */
typedef struct SeekableSource SeekableSource;
/* 0; -ENOENT: no table at the end; -EBADMSG: a table that does not fit the file; -EFBIG: frames of
 * more content than SEEKABLE_FRAME_CONTENT; -ENOMEM or the source's error. A frame that is damaged
 * is -EBADMSG when it is read. */
int seekable_source_new(Source *file, SeekableSource **ret);
SeekableSource *seekable_source_free(SeekableSource *s);
DEFINE_CLEANUP(SeekableSource, seekable_source_free)
Source *seekable_source(SeekableSource *s);
