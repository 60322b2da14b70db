using BubbleSync.EmbeddedPostgres;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.EmbeddedPostgres;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class EmbeddedPostgresServerTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private readonly ClusterFolder _folder = new();

    [Fact]
    public async Task A_stopped_server_leaves_no_process_and_keeps_its_data()
    {
        int first;
        await using (var server = await StartAsync(_folder.Options))
        {
            first = server.ProcessId;
            await ExecuteAsync(server, "create table kept as select 42 as n");
        }

        Assert.False(new ServerProcess(first).IsRunning());

        await using var again = await StartAsync(_folder.Options);
        Assert.Equal(42, await ExecuteAsync(again, "select n from kept"));
    }

    [Fact]
    public async Task A_crash_gives_another_process_on_the_same_port_with_what_was_committed()
    {
        await using var server = await StartAsync(_folder.Options);
        await ExecuteAsync(server, "create table kept as select 42 as n");
        var (process, port) = (server.ProcessId, server.Port);

        await server.RestartAsync(immediate: true, _limit.Token);

        Assert.NotEqual(process, server.ProcessId);
        Assert.Equal(port, server.Port);
        Assert.Equal(42, await ExecuteAsync(server, "select n from kept"));
    }

    [Fact]
    public async Task A_temporary_folder_goes_with_its_server()
    {
        var server = await StartAsync(_folder.Options with { Temporary = true });

        await server.DisposeAsync();

        Assert.False(Directory.Exists(_folder.Path));
    }

    [Fact]
    public async Task Data_of_another_major_version_are_refused_with_a_way_out()
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder.Path, "data"));
        await File.WriteAllTextAsync(Path.Combine(data.FullName, "PG_VERSION"), "12\n");

        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => StartAsync(_folder.Options));

        Assert.Contains("belong to PostgreSQL 12", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Install PostgreSQL 12", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => EmbeddedPostgresServer.StartAsync(_folder.Options, cancelled.Token));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _limit.Dispose();
    }

    private Task<EmbeddedPostgresServer> StartAsync(EmbeddedPostgresOptions options) =>
        EmbeddedPostgresServer.StartAsync(options, _limit.Token);

    private async Task<object?> ExecuteAsync(EmbeddedPostgresServer server, string sql)
    {
        var description = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(description.ConnectionString);
        await connection.OpenAsync(_limit.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(_limit.Token);
    }
}
