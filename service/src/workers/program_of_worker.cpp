#include "workers/program_of_worker.hpp"

#include <eventloom/framework/event_store.hpp>

#include <filesystem>
#include <fstream>

namespace eventloom::work {

namespace {

constexpr auto mark = "/for-work";

Error no_log()
{
    return {Failure::invalid, "worker-has-no-log",
            "asked for the log in a worker process and found that only the service has it; let the service do this "
            "itself, or let the handler answer what is to be written (JobDone::append, JobDone::enqueue), and put "
            "what it needs to know into the job"};
}

class NoEvents final : public EventCursor {
public:
    result<const RecordedEvent*> next() override { return no_log(); }
};

class WorkersStore final : public EventStore {
public:
    explicit WorkersStore(std::shared_ptr<EventStore> store) : store_{std::move(store)} {}

    result<Appended> append(const AppendRequest&) override { return no_log(); }
    void append(AppendRequest, AppendCompletion completion) override { completion(no_log()); }
    std::unique_ptr<EventCursor> read(const ReadRequest&) const override { return std::make_unique<NoEvents>(); }
    result<std::optional<RecordedEvent>> find_event(const Uuid&) const override { return no_log(); }
    result<std::uint64_t> stream_length(std::string_view) const override { return no_log(); }
    result<std::vector<std::string>> stored_types() const override { return no_log(); }
    result<std::optional<CommandRecord>> find_command(const Uuid&) const override { return no_log(); }
    Position head() const override { return store_->head(); }
    Observation observe(CommitObserver observer) override { return store_->observe(std::move(observer)); }
    std::shared_ptr<InlineRows> inline_rows() const override { return store_->inline_rows(); }
    result<std::unique_ptr<HeldAppends>> hold_appends() override { return no_log(); }

private:
    const std::shared_ptr<EventStore> store_;
};

} // namespace

result<OpenedForWork> open_for_work(const Runtime& runtime, const OpenServiceIn& open)
{
    OpenedForWork opened;
    BOOST_OUTCOME_TRY(opened.directory, ScratchDirectory::make({}));
    std::ofstream{opened.directory->path() + mark} << "A worker opens its program here.\n";
    BOOST_OUTCOME_TRY(opened.program, open(runtime, opened.directory->path(), true));
    return opened;
}

bool needs_log(const Error& error)
{
    return error.code == no_log().code;
}

bool is_for_work(const std::string& directory)
{
    std::error_code none;
    return std::filesystem::exists(directory + mark, none);
}

std::shared_ptr<EventStore> store_of_worker(std::shared_ptr<EventStore> store)
{
    return std::make_shared<WorkersStore>(std::move(store));
}

} // namespace eventloom::work
