// An ordered map from bytes to bytes on disk: LevelDB, opened the safe way and wrapped once.
//
//     BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory = "var/shop/log"}));
//     Batch batch;
//     batch.put("row-1", bytes);
//     batch.remove("row-2");
//     BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
//
// This corrects weak defaults of LevelDB: every checksum is verified, directories are synced, log files are never reused, and
// the first write that fails closes the database: every later write is Failure::unavailable
// ("store-closed-by-fault") until the database is opened again, because what follows a failed write may be lost.
// Threads: every member may be called from any thread; a DatabaseCursor and a Batch belong to one thread at a time.
#pragma once

#include <eventloom/framework/detail/durability.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leveldb {
class Iterator;
}

namespace eventloom {

// Memory for blocks of files that were read.
struct BlockCache;
std::shared_ptr<BlockCache> make_block_cache(std::size_t bytes);

struct DatabaseOptions {
    std::string directory;
    bool create_if_missing                  = true;
    std::size_t write_buffer_bytes          = 16u << 20;
    std::size_t block_cache_bytes           = 32u << 20; // of a cache of its own
    std::shared_ptr<BlockCache> block_cache = nullptr;   // shared with other databases, instead of one of its own
    std::size_t table_bytes                 = 2u << 20;  // of one file
    int max_open_files                      = 1000;
    // Its content can be built again from other data: a damaged one is removed and begins empty, and notices() says so. Without
    // it a database whose writes are not synced can refuse to open after a power cut.
    bool made_anew_when_damaged = false;
    // What was cut from a log file as a write that was never finished stays in a file NAME.log.torn, until
    // remove_cut_tails(): the caller can decide later whether it was one.
    bool keep_cut_tails = false;
};

// Changes that happen together or not at all.
class Batch {
public:
    Batch();
    ~Batch();
    Batch(Batch&&) noexcept;
    Batch& operator=(Batch&&) noexcept;

    void put(std::string_view key, std::string_view value);
    void remove(std::string_view key);
    void clear();
    bool empty() const;
    // Roughly how many bytes the batch will take in the log.
    std::size_t bytes() const;

private:
    friend class Database;
    struct Changes;
    std::unique_ptr<Changes> changes_;
};

// A place in the ordered keys. Forwards or backwards as the caller moves it; sees the database as it was when the cursor
// was made. Keys and values live until the cursor moves. Do not keep one for long: it pins old files.
class DatabaseCursor {
public:
    ~DatabaseCursor();
    DatabaseCursor(DatabaseCursor&&) noexcept;
    DatabaseCursor& operator=(DatabaseCursor&&) noexcept;

    void seek(std::string_view key);              // to the first key at or after `key`
    void seek_at_or_before(std::string_view key); // to the last key at or before `key`
    bool valid() const;                           // false past either end, and after an error
    void next();
    void previous(); // from after the last key, to that one
    std::string_view key() const;
    std::string_view value() const;
    // Failure::corrupt when what was read is damaged. Ask when valid() turns false: the end, or a fault?
    result<void> status() const;

private:
    friend class Database;
    struct State;
    explicit DatabaseCursor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// A moment of the database: reads through it see that moment. Holds old files alive while it lives.
using DatabaseSnapshot = std::shared_ptr<const void>;

// A file of a database, as a copy of it needs it.
struct CapturedFile {
    std::string name;                   // in the database's directory
    std::uint64_t bytes = 0;            // from its beginning; it may have grown after them, which is not of the copy
    std::optional<std::string> content; // what these bytes are, where that is known
    bool is_final = false;              // it never changes: a second name for it is as good as a copy
};

// A moment of the database's files: copies of them, opened elsewhere, are the database with all writes that had returned
// then. While it lives no file goes, and nothing else is different: reads and writes go on. It goes before the database.
class DatabaseCapture {
public:
    ~DatabaseCapture();

    const std::string& directory() const;
    // CURRENT is the last.
    // Failure::corrupt  "damaged-manifest", "file-missing": the list of files is damaged, or has one that is not there.
    result<std::vector<CapturedFile>> files() const;

private:
    friend class Database;
    struct State;
    explicit DatabaseCapture(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Database {
public:
    // Failure::unavailable  "held-by-another-process"
    // Failure::corrupt      "damaged-database"
    // Failure::storage      "no-such-directory", "storage-fault" (rights, full disk, ...)
    static result<std::unique_ptr<Database>> open(const Runtime& runtime, const DatabaseOptions& options);
    ~Database();

    // Nothing when the key is not there.
    result<std::optional<std::string>> get(std::string_view key, const DatabaseSnapshot& at = nullptr) const;
    // The same for a value that is not needed again soon: the block cache does not change.
    result<std::optional<std::string>> get_once(std::string_view key) const;

    DatabaseCursor cursor(const DatabaseSnapshot& at = nullptr) const;
    // For reading much in order: the blocks that it reads are not kept in memory for others, nor put others' out.
    DatabaseCursor scan_cursor(const DatabaseSnapshot& at = nullptr) const;

    DatabaseSnapshot snapshot() const;

    // Waits for the writes that are under way, and for nothing else.
    // Failure::unavailable  "store-closed-by-fault": it is not known how the last write ended.
    result<std::unique_ptr<DatabaseCapture>> capture() const;

    // Failure::unknown      "write-outcome-unknown": the disk failed; the batch may or may not be there after reopening.
    // Failure::unavailable  "store-closed-by-fault": an earlier write failed; nothing was written.
    result<void> write(const Batch& batch, Durability durability);

    // Removes all keys, some at a time and buffered: after a crash some may still be there. Fails as write() does.
    result<void> remove_all();

    // Puts what was written so far into tables.
    result<void> write_out();

    // Rewrites the tables between two keys. Of what was in tables before it was removed or replaced, no file holds a byte
    // when it returns, unless a cursor or a snapshot from before still lives:
    //     write_out();                                            // the old value is in a table
    //     write(batch, Durability::synced);                       // which removes it
    //     compact(key, key);                                      // and it is gone
    // Without the first step a table can get both from memory at once, and keep both.
    result<void> compact(std::string_view first_key, std::string_view last_key);

    // An earlier write failed: nothing more is taken.
    bool is_closed_by_fault() const;
    // What that write met, for messages: "write to the database var/shop/log and found: IO error: ...". Empty before.
    std::string fault() const;

    // What was put right when it was opened, a sentence each: writes that were never finished, and so never acknowledged.
    const std::vector<std::string>& notices() const;

    // The directory it lives in, for messages.
    const std::string& directory() const;

private:
    struct State;
    explicit Database(std::unique_ptr<State> state);
    DatabaseCursor cursor_of(std::unique_ptr<leveldb::Iterator> iterator) const;
    static result<std::unique_ptr<Database>> open_as_it_is(const Runtime& runtime, const DatabaseOptions& options);
    std::unique_ptr<State> state_;
};

// Removes a database and everything in its directory. A missing directory is not an error.
result<void> remove_database(const Runtime& runtime, const std::string& directory);

// Removes what keep_cut_tails has kept in a database's directory.
result<void> remove_cut_tails(const Runtime& runtime, const std::string& directory);

// Writes a small file so that after a crash it holds either the old or the new content, whole and durable.
result<void> replace_file(const Runtime& runtime, const std::string& path, std::string_view content);
// Removes what such a replacement leaves beside the file when it is interrupted.
result<void> remove_unfinished_replacement(const Runtime& runtime, const std::string& path);

// Removes a file, and what an interrupted replacement has left beside it. A missing file is not an error.
result<void> remove_file(const Runtime& runtime, const std::string& path);

// Reads a small file; nothing when it is not there. Failure::invalid "file-too-large" beyond `limit` bytes.
result<std::optional<std::string>> read_file(const Runtime& runtime, const std::string& path,
                                             std::size_t limit = 1u << 20);

// Makes a directory and its missing parents, durably.
result<void> make_directory(const Runtime& runtime, const std::string& directory);

// Removes a directory and everything in it. A missing one is not an error. What an interrupted call has left, the next one removes.
result<void> remove_with_content(const Runtime& runtime, const std::string& directory);

// The names in a directory; empty when it is not there.
result<std::vector<std::string>> list_directory(const Runtime& runtime, const std::string& directory);

} // namespace eventloom
