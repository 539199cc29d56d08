// Eventloom itself, as one of the stores in the table.
#include "tested_store.hpp"

#include "support/measuring/measure.hpp"

#include <eventloom/storage/system_files.hpp>

#include <condition_variable>
#include <mutex>

namespace bench {

namespace {

namespace el = eventloom;

class Ours final : public TestedEventloom {
public:
    Ours(const std::string& directory, el::Durability durability)
    {
        auto opened = el::LevelDbStore::open(runtime_, {.directory = directory, .durability = durability});
        require(opened.has_value(), opened ? "" : opened.error().sentence);
        store_ = std::move(opened.value());
    }

    el::LevelDbStore& store() override { return *store_; }

    std::uint64_t bytes_on_disk() override
    {
        const auto info = store_->info();
        require(info.has_value(), "the store tells about itself");
        return info.value().bytes();
    }

    void append(const PreparedAppend& append) override
    {
        require(store_->append(append.request).has_value(), "an append is acknowledged");
    }

    void begin_load() override {}

    void load(PreparedAppend append) override
    {
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return in_flight_ < loads_in_flight; });
            ++in_flight_;
        }
        store_->append(std::move(append.request), [this](const el::result<el::Appended>& appended) {
            require(appended.has_value(), "a loaded append is acknowledged");
            const std::lock_guard lock{mutex_};
            --in_flight_;
            changed_.notify_one();
        });
    }

    void end_load() override
    {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return in_flight_ == 0; });
    }

    void read_log(const Visit& visit) override { read({}, visit); }

    void read_stream(const std::string& stream, const Visit& visit) override
    {
        read({.scope = el::Scope::stream(stream)}, visit);
    }

    void read_last(const std::string& stream, const Visit& visit) override
    {
        read({.scope = el::Scope::stream(stream), .direction = el::Direction::backwards, .limit = 1}, visit);
    }

    bool read_by_id(const el::Uuid& id, const Visit& visit) override
    {
        const auto found = store_->find_event(id);
        require(found.has_value() && found.value().has_value(), "the event is there");
        see(*found.value(), visit);
        return true;
    }

private:
    static constexpr std::size_t loads_in_flight = 8;

    static void see(const el::RecordedEvent& event, const Visit& visit)
    {
        visit({event.position, event.stream, event.version, event.type, event.data});
    }

    void read(const el::ReadRequest& request, const Visit& visit)
    {
        const auto cursor = store_->read(request);
        for (;;) {
            const auto next = cursor->next();
            require(next.has_value(), "the store reads");
            if (next.value() == nullptr) return;
            see(*next.value(), visit);
        }
    }

    el::SystemExecutor executor_{{.threads = 1}};
    el::Runtime runtime_{el::system_clock(), executor_, el::system_ids(), el::system_files()};
    std::unique_ptr<el::LevelDbStore> store_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t in_flight_ = 0;
};

} // namespace

std::unique_ptr<TestedEventloom> open_eventloom(const std::string& directory, el::Durability durability)
{
    return std::make_unique<Ours>(directory, durability);
}

} // namespace bench
