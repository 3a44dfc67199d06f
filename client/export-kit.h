/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A backup as a folder that SP Flash Tool takes: scatter file, the images it names, the preloader
 * without the headers of its boot area, Checksum.ini and a README.
 *
 * In it is what a flash tool would download: firmware, not what belongs to the one phone (IMEI,
 * calibration, lock state), nor the user's data unless that was asked for. */

#include "client/manifest.h"
#include "format/layout.h"

/* Exit code; EXIT_INCOMPLETE when something the scatter should name could not be put in. */
int export_kit(sd_bus *bus, const char *path, json_t *manifest, const char *folder, bool force,
        bool userdata);

/* The scatter of a backup: its user area with what flash tools say about such partitions, only what
 * the backup has for download, each image under a name of its own unless two are equal. An entry
 * "preloader" is there when a boot area was saved. 0 or a negative errno. */
int kit_layout(json_t *manifest, bool userdata, Layout **ret);
