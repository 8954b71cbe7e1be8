#!/bin/sh
# The effect that every contender ends in: a process that notes when it ran. Nanoseconds since the epoch.
date +%s%N >> "$1"
