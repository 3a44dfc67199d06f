/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The store of store-fixture.h with one whole backup, which is open. */

#include "store-fixture.h"
#include "store/backup.h"
#include "store/chunk.h"

static Backup *backup;
static ChunkCodec *codec;

static int one_setup(void **state)
{
        if (fixture_setup(state) < 0 || chunk_codec_new(0, &codec) < 0)
                return -1;
        fixture_backup(fixture_id, 1, BACKUP_FULL);
        if (backup_open(fixture_store, fixture_id, &backup, &fixture_failure) < 0)
                return -1;
        return backup_read(backup, fixture_store, &fixture_failure);
}

static int one_teardown(void **state)
{
        codec = chunk_codec_free(codec);
        backup = backup_free(backup);
        return fixture_teardown(state);
}
