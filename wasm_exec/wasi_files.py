"""The part of WASI that is about files, in the small language: standard streams, one directory, and in it files that can be read.

Descriptors 0, 1, 2 are streams (of no known kind, so that libraries fill whole buffers), 3 is the directory `/` if the container
has files, those from 4 on are opened files. The file number 0 of the container is standard input.
"""

FILES = """
def wasi_files() -> u32:
    limit = wasi_limit()
    if limit == 0:
        return 0
    count = input32(AT_FILES)
    most = (limit - HEADER) // ENTRY
    return count if count < most else most

def wasi_opened(fd: u32) -> u32:
    if fd == 0:
        if is_session():
            return STREAM
        return 1 if wasi_files() else STREAM
    if fd - 4 > LAST - 4:
        return 0
    return words_file[fd]

def wasi_known(fd: u32) -> u32:
    if fd < 3:
        return 1
    if fd == 3:
        return wasi_files() > 1
    return wasi_opened(fd)

def wasi_size(file: u32) -> u32:
    return input32(AT_TABLE + 12 + ENTRY * file)

def wasi_part(file: u32, position: u32, pointer: u32, length: u32) -> u32:
    size = wasi_size(file)
    position = position if position < size else size
    length = length if length < size - position else size - position
    return wasi_copy(pointer, input32(AT_TABLE + 8 + ENTRY * file) + position, length)

def fd_read(fd: u32, vectors: u32, count: u32, out: u32) -> u32:
    file = wasi_opened(fd)
    if file == 0:
        return 8
    total: u32 = 0
    while count:
        length = load32(vectors + 4)
        got: u32 = 0
        if file == STREAM:
            got = read_input(load32(vectors), length)
        else:
            got = wasi_part(file - 1, words_position[fd], load32(vectors), length)
            words_position[fd] = words_position[fd] + got
        total += got
        count = 0 if got < length else count - 1
        vectors += 8
    store32(out, total)
    return 0

def fd_pread(fd: u32, vectors: u32, count: u32, offset: u64, out: u32) -> u32:
    if fd < 3:
        return 70
    file = wasi_opened(fd)
    if file == 0:
        return 8
    position = u32(offset if offset < 0x7FFFFFFF else 0x7FFFFFFF)
    total: u32 = 0
    while count:
        length = load32(vectors + 4)
        got = wasi_part(file - 1, position + total, load32(vectors), length)
        total += got
        count = 0 if got < length else count - 1
        vectors += 8
    store32(out, total)
    return 0

def fd_seek(fd: u32, offset: u64, whence: u32, out: u32) -> u32:
    if fd < 3:
        return 70
    file = wasi_opened(fd)
    if file == 0:
        return 8
    if whence == 1:
        offset += u64(words_position[fd])
    if whence == 2:
        offset += u64(wasi_size(file - 1))
    if whence > 2 or offset > 0x7FFFFFFF:
        return 28
    words_position[fd] = u32(offset)
    store64(out, offset)
    return 0

def fd_tell(fd: u32, out: u32) -> u32:
    if fd < 3:
        return 70
    if wasi_opened(fd) == 0:
        return 8
    store64(out, u64(words_position[fd]))
    return 0

def fd_close(fd: u32) -> u32:
    if wasi_known(fd) == 0:
        return 8
    if fd > 3:
        words_file[fd] = 0
    return 0

def fd_renumber(old: u32, new: u32) -> u32:
    if old < 4 or new < 4 or wasi_known(old) == 0 or wasi_known(new) == 0:
        return 8
    if old == new:
        return 0
    words_file[new] = words_file[old]
    words_position[new] = words_position[old]
    words_file[old] = 0
    return 0

def fd_fdstat_get(fd: u32, out: u32) -> u32:
    if wasi_known(fd) == 0:
        return 8
    kind: u64 = 4
    rights: u64 = 0x200026
    if fd < 4:
        kind = 0
        rights = 64
        if fd == 0:
            rights = 2
        if fd == 3:
            kind = 3
            rights = 0x1FFFFFFF
    store64(out, kind)
    store64(out + 8, rights)
    store64(out + 16, rights if fd == 3 else 0)
    return 0

def fd_fdstat_set_flags(fd: u32, flags: u32) -> u32:
    return 0 if wasi_known(fd) else 8

def wasi_filestat(out: u32, file: u32, kind: u32, size: u32) -> none:
    store64(out, 0)
    store64(out + 8, u64(file))
    store64(out + 16, u64(kind))
    store64(out + 24, 1)
    store64(out + 32, u64(size))
    store64(out + 40, 0)
    store64(out + 48, 0)
    store64(out + 56, 0)

def fd_filestat_get(fd: u32, out: u32) -> u32:
    if wasi_known(fd) == 0:
        return 8
    if fd > 3:
        file = words_file[fd]
        wasi_filestat(out, file, 4, wasi_size(file - 1))
        return 0
    wasi_filestat(out, 0, 3 if fd == 3 else 0, 0)
    return 0

def fd_prestat_get(fd: u32, out: u32) -> u32:
    if fd != 3 or wasi_known(fd) == 0:
        return 8
    store32(out, 0)
    store32(out + 4, 1)
    return 0

def fd_prestat_dir_name(fd: u32, path: u32, length: u32) -> u32:
    if fd != 3 or wasi_known(fd) == 0:
        return 8
    if length == 0:
        return 37
    store8(path, 47)
    return 0

def wasi_same(pointer: u32, place: u32, length: u32) -> u32:
    limit = wasi_limit()
    if place > limit:
        return 0
    if limit - place < length:
        return 0
    place += 8
    while length:
        if load8(pointer) != input32(place) & 255:
            return 0
        pointer += 1
        place += 1
        length -= 1
    return 1

def wasi_found(pointer: u32, length: u32) -> u32:
    again: u32 = 1
    while again:
        again = 0
        if length:
            first = load8(pointer)
            second: u32 = 47
            if length > 1:
                second = load8(pointer + 1)
            if first == 47 or first == 46 and second == 47:
                again = 1
                pointer += 1
                length -= 1
    if length == 0:
        return STREAM
    files = wasi_files()
    file: u32 = 1
    while file < files:
        if input32(AT_TABLE + 4 + ENTRY * file) == length:
            if wasi_same(pointer, input32(AT_TABLE + ENTRY * file), length):
                return file + 1
        file += 1
    return 0

def path_filestat_get(fd: u32, flags: u32, path: u32, length: u32, out: u32) -> u32:
    if fd != 3 or wasi_known(fd) == 0:
        return 8
    file = wasi_found(path, length)
    if file == 0:
        return 44
    if file == STREAM:
        wasi_filestat(out, 0, 3, 0)
        return 0
    wasi_filestat(out, file, 4, wasi_size(file - 1))
    return 0

def path_open(fd: u32, lookup: u32, path: u32, length: u32, open: u32, rights: u64, inherited: u64, flags: u32, out: u32) -> u32:
    if fd != 3 or wasi_known(fd) == 0:
        return 8
    file = wasi_found(path, length)
    if file == STREAM:
        return 58
    if file == 0:
        return 69 if open & 1 else 44
    if open & 2:
        return 54
    if open & 5 == 5:
        return 20
    if open & 8 or u32(rights) & 64:
        return 69
    new: u32 = 4
    while words_file[new]:
        new += 1
        if new > LAST:
            return 33
    words_file[new] = file
    words_position[new] = 0
    store32(out, new)
    return 0
"""
