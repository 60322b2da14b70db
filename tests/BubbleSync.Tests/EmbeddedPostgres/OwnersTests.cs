using BubbleSync.EmbeddedPostgres;
using Xunit;

namespace BubbleSync.Tests.EmbeddedPostgres;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class OwnersTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private readonly ClusterFolder _folder = new();

    [Fact]
    public async Task The_server_of_a_killed_owner_is_taken_over_as_it_runs()
    {
        using var owner = await OwnerProcess.StartAsync(_folder.Path, _limit.Token);
        // However slow this machine is: signed in before the kill, so that the watchdog leaves the server to us.
        await using var early = new Owners(_folder.Place).SignIn();

        await owner.KillAsync(_limit.Token);
        await using var server = await StartAsync();
        await early.DisposeAsync();

        Assert.Equal(owner.ServerId, server.ProcessId);
        Assert.True(new ServerProcess(server.ProcessId).IsRunning());
    }

    [Fact]
    public async Task The_server_of_a_killed_owner_stops_where_nobody_takes_it_over()
    {
        using var owner = await OwnerProcess.StartAsync(_folder.Path, _limit.Token);
        var server = new ServerProcess(owner.ServerId);

        await owner.KillAsync(_limit.Token);

        while (server.IsRunning())
            await Task.Delay(20, _limit.Token);
    }

    [Fact]
    public async Task Of_two_owners_the_last_stops_the_server()
    {
        using var other = await OwnerProcess.StartAsync(_folder.Path, _limit.Token);
        var server = await StartAsync();
        Assert.Equal(other.ServerId, server.ProcessId);

        await other.SendHomeAsync(_limit.Token);
        Assert.True(new ServerProcess(server.ProcessId).IsRunning());

        await server.DisposeAsync();
        Assert.False(new ServerProcess(other.ServerId).IsRunning());
    }

    public void Dispose()
    {
        _folder.Dispose();
        _limit.Dispose();
    }

    private Task<EmbeddedPostgresServer> StartAsync() =>
        EmbeddedPostgresServer.StartAsync(_folder.Options, _limit.Token);
}
