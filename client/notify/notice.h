/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A job the person is told about, with its bubble: what is known of the job, what the person asked
 * of the bubble, and from both what the bubble is to say. */

#include "client/notify/bubble.h"
#include "client/notify/service.h"

typedef struct Notice {
        uint32_t id; /* of the job, 0: about the store */
        json_t *job; /* properties, "progress" inside; of the store: "text" */
        json_t *backup;
        char chip[32], port[64]; /* of the phone, and where it was when that was known */
        char note[CONTENT_NOTE_MAX];
        bool details;
        bool gone;         /* another job has taken its place, or the service knows it no more */
        sd_bus_slot *call; /* of a button */
        Service *service;  /* borrowed */
        void (*changed)(void *userdata);
        void *userdata;
        Bubble bubble;
} Notice;

/* changed is called when an answer to a button has something to say. */
int notice_new(Service *service, uint32_t id, json_t *job, void (*changed)(void *userdata),
        void *userdata, Notice **ret);
Notice *notice_free(Notice *n);
DEFINE_CLEANUP(Notice, notice_free)

/* Members that are new. */
void notice_update(Notice *n, json_t *members, bool progress);
bool notice_is_final(const Notice *n);
/* true when it is meant for whoever is in front of the machine, not for one user */
bool notice_is_public(const Notice *n);
/* The chip of the phone at the job's port as it is now, NULL nobody knows. */
void notice_set_chip(Notice *n, const char *chip);
/* Makes the bubble say what is so: visible false takes it away; lost: the service is away. */
void notice_refresh(Notice *n, bool visible, bool lost);
/* A button of the bubble was pressed. */
void notice_press(Notice *n, Button button);
