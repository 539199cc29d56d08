#include "simulated_disk/sqlite_files.hpp"

#include "simulated_disk/sqlite_locks.hpp"

#include <algorithm>
#include <cstring>
#include <sqlite3.h>
#include <utility>

namespace eventloom::testing {

namespace {

SimulatedDisk* disk_in_use = nullptr;

// One open file. What SQLite knows of it is a pointer, in memory of SQLite's own.
struct OpenFile {
    SimulatedDisk& disk;
    std::string path;
    std::shared_ptr<SimulatedFile> file;
    bool sync_directory_first = false; // as on a real disk for a journal that is new
    bool removed_when_closed  = false;
    SqliteLocks locks{path};
};
struct Handle {
    sqlite3_file base;
    OpenFile* open;
};

OpenFile& of(sqlite3_file* handle)
{
    return *reinterpret_cast<Handle*>(handle)->open;
}

int answer(const leveldb::Status& status, int otherwise)
{
    return status.ok() ? SQLITE_OK : otherwise;
}

int close(sqlite3_file* handle)
{
    auto& open = of(handle);
    if (open.removed_when_closed) static_cast<void>(open.disk.RemoveFile(open.path));
    delete &open;
    return SQLITE_OK;
}

int read(sqlite3_file* handle, void* into, int count, sqlite3_int64 at)
{
    auto& open = of(handle);
    if (not open.disk.may_read(open.path).ok()) return SQLITE_IOERR_READ;
    const auto& bytes = *open.file->seen;
    const auto begin  = std::min(bytes.size(), static_cast<std::size_t>(at));
    const auto there  = std::min(bytes.size() - begin, static_cast<std::size_t>(count));
    std::memcpy(into, bytes.data() + begin, there);
    if (there == static_cast<std::size_t>(count)) return SQLITE_OK;
    std::memset(static_cast<char*>(into) + there, 0, static_cast<std::size_t>(count) - there);
    return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* handle, const void* bytes, int count, sqlite3_int64 at)
{
    auto& open        = of(handle);
    const auto status = open.disk.write_at(*open.file, open.path, static_cast<std::size_t>(at),
                                           {static_cast<const char*>(bytes), static_cast<std::size_t>(count)});
    return answer(status, open.disk.is_full() ? SQLITE_FULL : SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* handle, sqlite3_int64 size)
{
    auto& open = of(handle);
    return answer(open.disk.cut(*open.file, open.path, static_cast<std::size_t>(size)), SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* handle, int)
{
    auto& open = of(handle);
    if (not open.disk.sync(*open.file, open.path).ok()) return SQLITE_IOERR_FSYNC;
    if (not std::exchange(open.sync_directory_first, false)) return SQLITE_OK;
    return answer(open.disk.sync_directory(), SQLITE_IOERR_DIR_FSYNC);
}

int size(sqlite3_file* handle, sqlite3_int64* size)
{
    *size = static_cast<sqlite3_int64>(of(handle).file->seen->size());
    return SQLITE_OK;
}

const sqlite3_io_methods methods{
    .iVersion               = 2,
    .xClose                 = close,
    .xRead                  = read,
    .xWrite                 = write,
    .xTruncate              = truncate,
    .xSync                  = sync,
    .xFileSize              = size,
    .xLock                  = [](sqlite3_file* handle, int level) { return of(handle).locks.raise_to(level); },
    .xUnlock                = [](sqlite3_file* handle, int level) { return of(handle).locks.lower_to(level); },
    .xCheckReservedLock     = [](sqlite3_file* handle, int* is) { return of(handle).locks.is_reserved(is); },
    .xFileControl           = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    .xSectorSize            = [](sqlite3_file*) { return 512; },
    .xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
    .xShmMap                = [](sqlite3_file* handle, int region, int bytes, int may_grow,
                  void volatile** memory) { return of(handle).locks.map(region, bytes, may_grow != 0, memory); },
    .xShmLock               = [](sqlite3_file* handle, int first, int count,
                   int flags) { return of(handle).locks.take_shared_memory(first, count, flags); },
    .xShmBarrier            = [](sqlite3_file*) {},
    .xShmUnmap              = [](sqlite3_file* handle, int) { return of(handle).locks.unmap(); },
    .xFetch                 = nullptr,
    .xUnfetch               = nullptr,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* flags_given)
{
    handle->pMethods             = nullptr;
    static std::uint64_t unnamed = 0;
    const std::string path       = name != nullptr ? name : "/unnamed-" + std::to_string(++unnamed);
    const bool is_there          = disk_in_use->FileExists(path);
    std::shared_ptr<SimulatedFile> file;
    if (not disk_in_use->open_anywhere(path, (flags & SQLITE_OPEN_CREATE) != 0, &file).ok()) return SQLITE_CANTOPEN;
    const bool is_journal = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    reinterpret_cast<Handle*>(handle)->open =
        new OpenFile{*disk_in_use, path, file, is_journal && not is_there, (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    handle->pMethods = &methods;
    if (flags_given != nullptr) *flags_given = flags;
    return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_directory)
{
    if (not disk_in_use->FileExists(name)) return SQLITE_IOERR_DELETE_NOENT;
    if (not disk_in_use->RemoveFile(name).ok()) return SQLITE_IOERR_DELETE;
    return sync_directory == 0 ? SQLITE_OK : answer(disk_in_use->sync_directory(), SQLITE_IOERR_DIR_FSYNC);
}

int access(sqlite3_vfs*, const char* name, int flags, int* is)
{
    *is = disk_in_use->FileExists(name) ? 1 : 0;
    // As on a real disk, where an empty file in a journal's place is none.
    std::uint64_t bytes = 0;
    if (*is != 0 && flags == SQLITE_ACCESS_EXISTS && disk_in_use->GetFileSize(name, &bytes).ok())
        *is = bytes > 0 ? 1 : 0;
    return SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int size, char* full)
{
    sqlite3_snprintf(size, full, "%s", name);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int count, char* bytes)
{
    static Drawn drawn{1};
    for (int i = 0; i < count; ++i) bytes[i] = static_cast<char>(drawn.below(256));
    return count;
}

int sleep(sqlite3_vfs*, int microseconds)
{
    disk_in_use->SleepForMicroseconds(microseconds);
    return microseconds;
}

int time_now(sqlite3_vfs*, double* julian_day)
{
    *julian_day = 2'460'000;
    return SQLITE_OK;
}

sqlite3_vfs& simulated_files()
{
    static sqlite3_vfs files{};
    files.iVersion      = 1;
    files.szOsFile      = sizeof(Handle);
    files.mxPathname    = 512;
    files.zName         = "simulated";
    files.xOpen         = open;
    files.xDelete       = remove;
    files.xAccess       = access;
    files.xFullPathname = full_name;
    files.xRandomness   = randomness;
    files.xSleep        = sleep;
    files.xCurrentTime  = time_now;
    files.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
    return files;
}

} // namespace

SqliteFiles::SqliteFiles(SimulatedDisk& disk)
{
    disk_in_use = &disk;
    sqlite3_vfs_register(&simulated_files(), 1);
}

SqliteFiles::~SqliteFiles()
{
    sqlite3_vfs_unregister(&simulated_files());
    disk_in_use = nullptr;
}

} // namespace eventloom::testing
