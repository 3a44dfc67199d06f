/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which blocks of an ext4 file system hold nothing: doc/sparse.md.
 *
 * Free blocks need not be kept when an image is only to be flashed. Leaving out a block that is in
 * use would destroy data, so everything doubtful counts as used: a group whose bitmap was never
 * written, or whose bitmap does not contain as many free blocks as its descriptor says. A file
 * system whose journal has to be replayed first, or that allocates in clusters, has no usable
 * bitmaps at all. */

#include "format/source.h"

typedef struct Ext4Map Ext4Map;

/* Reads superblock and descriptors of the file system that starts at 0 of the source, which must
 * outlive the map. 0; -ENOENT: no ext4; -EBADMSG: impossible numbers; -EUCLEAN: was not unmounted;
 * -EOPNOTSUPP: bitmaps count clusters; -ENOMEM or the source's error. */
int ext4_map_new(Source *s, Ext4Map **ret);
Ext4Map *ext4_map_free(Ext4Map *m);
DEFINE_CLEANUP(Ext4Map, ext4_map_free)

/* bytes of the file system */
uint64_t ext4_map_size(const Ext4Map *m);
/* True when every block that touches [offset, offset + size) is known to be free. Ranges outside
 * the file system are not free. Cheap when called with rising offsets. An unreadable bitmap counts
 * as used; ext4_map_doubtful() tells how many groups were treated so. */
bool ext4_map_is_free(Ext4Map *m, uint64_t offset, uint64_t size);
uint64_t ext4_map_doubtful(const Ext4Map *m);
