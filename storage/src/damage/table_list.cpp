#include "damage/table_list.hpp"

#include "damage/log_scrub.hpp"
#include "env/status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>

namespace eventloom {

namespace {

enum Tag : std::uint64_t {
    comparator       = 1,
    log_number       = 2,
    next_file_number = 3,
    last_sequence    = 4,
    compact_pointer  = 5,
    deleted_file     = 6,
    new_file         = 7,
    prev_log_number  = 9,
};

// Reads numbers and strings of a record; after the first that is not there everything is 0 and empty.
class Fields {
public:
    explicit Fields(std::string_view bytes) : bytes_{bytes} {}

    bool at_end() const { return bytes_.empty(); }
    bool is_whole() const { return is_whole_; }

    std::uint64_t number()
    {
        std::uint64_t number = 0;
        for (int shift = 0; shift < 64 && not bytes_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return number;
        }
        return broken();
    }
    void skip_string()
    {
        const auto length = number();
        if (length > bytes_.size()) broken();
        bytes_.remove_prefix(std::min<std::size_t>(length, bytes_.size()));
    }
    std::uint64_t broken()
    {
        is_whole_ = false;
        bytes_    = {};
        return 0;
    }

private:
    std::string_view bytes_;
    bool is_whole_ = true;
};

// A file may move from one level to another in one record: it goes there and comes here.
using Places = std::set<std::pair<std::uint64_t, std::uint64_t>>; // level, number

struct Reading {
    Places places;
    std::map<std::uint64_t, std::uint64_t> sizes;
    std::uint64_t log = 0;

    void take_new_file(Fields& fields)
    {
        const auto level  = fields.number();
        const auto number = fields.number();
        sizes[number]     = fields.number();
        fields.skip_string(); // its smallest key
        fields.skip_string(); // its largest
        places.insert({level, number});
    }

    bool take(std::string_view record)
    {
        Fields fields{record};
        while (not fields.at_end()) {
            switch (fields.number()) {
            case Tag::comparator:
                fields.skip_string();
                break;
            case Tag::log_number:
                log = fields.number();
                break;
            case Tag::next_file_number:
            case Tag::last_sequence:
            case Tag::prev_log_number:
                fields.number();
                break;
            case Tag::compact_pointer:
                fields.number();
                fields.skip_string();
                break;
            case Tag::deleted_file: {
                const auto level = fields.number();
                places.erase({level, fields.number()});
                break;
            }
            case Tag::new_file:
                take_new_file(fields);
                break;
            default:
                fields.broken();
            }
        }
        return fields.is_whole();
    }
};

result<std::string> read_prefix(leveldb::Env& files, const std::string& path, std::uint64_t bytes)
{
    const std::string asked         = "read the file " + path;
    leveldb::SequentialFile* opened = nullptr;
    auto status                     = files.NewSequentialFile(path, &opened);
    if (not status.ok()) return error_of(status, asked);
    const std::unique_ptr<leveldb::SequentialFile> file{opened};
    std::string content(bytes, '\0');
    std::size_t at = 0;
    while (at < bytes) {
        leveldb::Slice piece;
        status = file->Read(bytes - at, &piece, content.data() + at);
        if (not status.ok()) return error_of(status, asked);
        if (piece.empty()) break;
        if (piece.data() != content.data() + at) std::copy_n(piece.data(), piece.size(), content.data() + at);
        at += piece.size();
    }
    content.resize(at);
    return content;
}

std::string name_of(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

std::uint64_t number_of(const std::string& name)
{
    std::uint64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
}

std::string table_name(std::uint64_t number)
{
    const auto digits = std::to_string(number);
    return std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits + ".ldb";
}

Error damaged_manifest(const std::string& directory)
{
    return {Failure::corrupt, "damaged-manifest",
            "read the list of files of the database " + directory +
                " and found damage; nothing was changed; restore a backup"};
}

} // namespace

std::optional<TableList> read_table_list(std::string_view manifest)
{
    Reading reading;
    bool is_whole = true;
    visit_records(manifest, [&](std::string_view record) { is_whole = reading.take(record) && is_whole; });
    if (not is_whole) return std::nullopt;
    TableList list{.tables = {}, .oldest_log = reading.log};
    for (const auto& [level, number] : reading.places) list.tables[number] = reading.sizes[number];
    return list;
}

result<std::vector<CapturedFile>> list_files(leveldb::Env& files, const std::string& directory,
                                             const std::map<std::string, std::uint64_t>& growing)
{
    std::vector<CapturedFile> captured;
    CapturedFile manifest;
    for (const auto& [path, bytes] : growing) {
        auto name = name_of(path);
        if (name.ends_with(".log"))
            captured.push_back({std::move(name), bytes, std::nullopt, false});
        else
            manifest = {std::move(name), bytes, std::nullopt, false};
    }
    if (manifest.name.empty()) return damaged_manifest(directory);
    BOOST_OUTCOME_TRY(auto content, read_prefix(files, directory + "/" + manifest.name, manifest.bytes));
    // A record that LevelDB is writing just now is not of this moment yet.
    const auto scrubbed = scrub_log(content);
    if (scrubbed.verdict == ScrubbedLog::Verdict::damaged) return damaged_manifest(directory);
    content.resize(scrubbed.whole_end);
    const auto list = read_table_list(content);
    if (not list) return damaged_manifest(directory);
    std::erase_if(captured, [&](const CapturedFile& log) { return number_of(log.name) < list->oldest_log; });
    for (const auto& [number, bytes] : list->tables) {
        const auto name     = table_name(number);
        const auto path     = directory + "/" + name;
        std::uint64_t there = 0;
        const auto status   = files.GetFileSize(path, &there);
        if (not status.ok() || there != bytes) {
            return fail(Failure::corrupt, "file-missing",
                        fmt::format("looked for the file {} of {} bytes, which belongs to the database, and found {}; "
                                    "nothing was changed; restore a backup",
                                    path, bytes, status.ok() ? std::to_string(there) + " bytes" : "none"));
        }
        captured.push_back({name, bytes, std::nullopt, true});
    }
    const auto current = manifest.name + "\n";
    manifest.bytes     = content.size();
    manifest.content   = std::move(content);
    captured.push_back(std::move(manifest));
    captured.push_back({"CURRENT", current.size(), current, false});
    return captured;
}

} // namespace eventloom
