/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* XML download agents (files that say MTK_DA_v6). */

#include "stage.h"

enum {
        XML_OPTIONAL = 1,    /* knows HOST-SUPPORTED-COMMANDS and GET-SYS-PROPERTY */
        XML_END_REFUSED = 2, /* refuses reads that touch the end of an area */
        XML_STALE = 4,       /* the message of an END is never cleared */
        XML_NO_END_TAG = 8,  /* END of 2025: text, value, code, and no </message> */
        XML_CID_TURNED = 16, /* the id has the bytes of each word the other way round */
        XML_PROGRESS_LINES = 32,
};

/* where GET-HW-INFO has what */
typedef enum XmlInfoForm { XML_INFO_2021, XML_INFO_2022, XML_INFO_2023, XML_INFO_2025 } XmlInfoForm;

typedef struct XmlTraits {
        unsigned features;
        XmlInfoForm info;
        uint64_t dram_size;
        uint32_t stage1_packet; /* of stage 1, both directions */
} XmlTraits;

extern const StageOps xml_stage1, xml_stage2;
