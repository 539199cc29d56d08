// Raw LevelDB with two keys an event: position -> event, and (stream, version) -> position. No index of ids, no expected
// versions, no chain: what is left out makes it faster, so it is a hard yardstick for writing.
#include "tested_store.hpp"

#include "support/measuring/measure.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <atomic>

namespace bench {

namespace {

namespace el = eventloom;

void put_text(std::string& out, std::string_view text)
{
    const auto size = static_cast<std::uint32_t>(text.size());
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out.append(text);
}

std::string_view take_text(std::string_view& from)
{
    std::uint32_t size = 0;
    require(from.size() >= sizeof size, "a value is whole");
    from.copy(reinterpret_cast<char*>(&size), sizeof size);
    from.remove_prefix(sizeof size);
    require(from.size() >= size, "a value is whole");
    const auto text = from.substr(0, size);
    from.remove_prefix(size);
    return text;
}

std::string event_key(std::uint64_t position)
{
    std::string key{'e'};
    el::append_big_endian(key, position);
    return key;
}

std::string stream_prefix(const std::string& stream)
{
    return 's' + stream + '\0';
}

class RawLevelDb final : public TestedStore {
public:
    explicit RawLevelDb(const std::string& directory)
    {
        leveldb::Options options;
        options.create_if_missing = true;
        options.compression       = leveldb::kNoCompression;
        options.write_buffer_size = 64u << 20;
        options.max_file_size     = 32u << 20; // else ten million events are more files than LevelDB keeps open
        options.block_cache       = cache_.get();
        options.filter_policy     = filter_.get();
        leveldb::DB* opened       = nullptr;
        require(leveldb::DB::Open(options, directory, &opened).ok(), "LevelDB opens");
        db_.reset(opened);
        checked_.verify_checksums = true;
        const std::unique_ptr<leveldb::Iterator> iterator{db_->NewIterator(checked_)};
        iterator->Seek("f");
        if (iterator->Valid())
            iterator->Prev();
        else
            iterator->SeekToLast();
        if (iterator->Valid() && iterator->key()[0] == 'e') next_ = position_in(iterator->key()) + 1;
    }

    void append(const PreparedAppend& append) override { write(append, true); }

    void begin_load() override {}
    void load(PreparedAppend append) override { write(append, false); }

    void end_load() override
    {
        leveldb::WriteOptions durable;
        durable.sync = true;
        leveldb::WriteBatch nothing;
        require(db_->Write(durable, &nothing).ok(), "LevelDB syncs");
    }

    void read_log(const Visit& visit) override
    {
        leveldb::ReadOptions scan = checked_;
        scan.fill_cache           = false;
        const std::unique_ptr<leveldb::Iterator> iterator{db_->NewIterator(scan)};
        for (iterator->Seek("e"); iterator->Valid() && iterator->key()[0] == 'e'; iterator->Next()) {
            see(position_in(iterator->key()), iterator->value(), visit);
        }
        require(iterator->status().ok(), "LevelDB reads");
    }

    void read_stream(const std::string& stream, const Visit& visit) override
    {
        const auto prefix = stream_prefix(stream);
        const std::unique_ptr<leveldb::Iterator> iterator{db_->NewIterator(checked_)};
        for (iterator->Seek(prefix); iterator->Valid() && iterator->key().starts_with(prefix); iterator->Next()) {
            read_at(iterator->value(), visit);
        }
    }

    void read_last(const std::string& stream, const Visit& visit) override
    {
        const auto prefix = stream_prefix(stream);
        const std::unique_ptr<leveldb::Iterator> iterator{db_->NewIterator(checked_)};
        iterator->Seek(prefix + std::string(8, '\xff'));
        if (iterator->Valid())
            iterator->Prev();
        else
            iterator->SeekToLast();
        require(iterator->Valid() && iterator->key().starts_with(prefix), "the stream is there");
        read_at(iterator->value(), visit);
    }

    bool read_by_id(const el::Uuid&, const Visit&) override { return false; }

private:
    static std::uint64_t position_in(const leveldb::Slice& key)
    {
        return el::read_big_endian(std::string_view{key.data() + key.size() - 8, 8});
    }

    void read_at(const leveldb::Slice& position, const Visit& visit)
    {
        const std::string_view bytes{position.data(), position.size()};
        std::string key{'e'};
        require(db_->Get(checked_, key.append(bytes), &value_).ok(), "the event is there");
        see(el::read_big_endian(bytes), value_, visit);
    }

    static void see(std::uint64_t position, const leveldb::Slice& value, const Visit& visit)
    {
        std::string_view rest{value.data(), value.size()};
        require(rest.size() > fixed_bytes, "a value is whole");
        SeenEvent event{};
        event.position = position;
        event.version  = el::read_big_endian(rest.substr(0, 8));
        rest.remove_prefix(fixed_bytes);
        event.stream = take_text(rest);
        event.type   = take_text(rest);
        take_text(rest); // the metadata
        event.data = take_text(rest);
        visit(event);
    }

    void write(const PreparedAppend& append, bool sync)
    {
        leveldb::WriteBatch batch;
        auto position = next_.fetch_add(append.events());
        std::string value;
        for (std::size_t i = 0; i < append.request.streams.size(); ++i) {
            const auto& stream = append.request.streams[i];
            const auto prefix  = stream_prefix(stream.stream);
            auto version       = append.first_versions[i];
            for (const auto& event : stream.events) {
                value.clear();
                el::append_big_endian(value, version);
                el::append_big_endian(value,
                                      static_cast<std::uint64_t>(el::system_clock().now().time_since_epoch().count()));
                value.append(reinterpret_cast<const char*>(event.id.bytes.data()), event.id.bytes.size());
                put_text(value, stream.stream);
                put_text(value, event.type);
                put_text(value, metadata_bytes(event.metadata));
                put_text(value, event.data);
                const auto key = event_key(position++);
                batch.Put(key, value);
                std::string by_version = prefix;
                el::append_big_endian(by_version, version++);
                batch.Put(by_version, {key.data() + 1, key.size() - 1});
            }
        }
        leveldb::WriteOptions options;
        options.sync = sync;
        require(db_->Write(options, &batch).ok(), "LevelDB writes");
    }

    static constexpr std::size_t fixed_bytes = 8 + 8 + 16; // version, time, id

    std::unique_ptr<leveldb::Cache> cache_{leveldb::NewLRUCache(64u << 20)};
    std::unique_ptr<const leveldb::FilterPolicy> filter_{leveldb::NewBloomFilterPolicy(10)};
    std::unique_ptr<leveldb::DB> db_;
    leveldb::ReadOptions checked_;
    std::string value_;
    std::atomic<std::uint64_t> next_{1};
};

} // namespace

std::unique_ptr<TestedStore> open_leveldb_yardstick(const std::string& directory, Callers)
{
    return std::make_unique<RawLevelDb>(directory);
}

} // namespace bench
