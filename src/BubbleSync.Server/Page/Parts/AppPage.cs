using BubbleSync.Etl;
using BubbleSync.Server.Runs;
using Microsoft.AspNetCore.Components;

namespace BubbleSync.Server.Page.Parts;

/// <summary>A page of one app. Its work stops when a visitor leaves it; what fails is shown in words.</summary>
public abstract class AppPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();

    /// <summary>Makes one.</summary>
    protected AppPage() => Left = _left.Token;

    /// <summary>The name of the app.</summary>
    [Parameter]
    public string App { get; set; } = "";

    [Inject]
    private protected RunRegistry Registry { get; set; } = default!;

    [Inject]
    private protected NavigationManager Navigation { get; set; } = default!;

    /// <summary>What failed.</summary>
    protected IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Whether work is under way.</summary>
    protected bool IsBusy { get; private set; }

    /// <summary>Cancelled when a visitor leaves the page.</summary>
    protected CancellationToken Left { get; }

    private protected AppWorker? Worker => Registry.FindApp(App);

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (Worker is null)
            Navigation.NotFound();
        else
            await TryAsync(LoadAsync);
    }

    /// <summary>Loads what the page shows; called when it opens, and when its parameters change.</summary>
    protected virtual Task LoadAsync() => Task.CompletedTask;

    /// <summary>Does work, and shows why it fails.</summary>
    protected async Task TryAsync(Func<Task> work)
    {
        (IsBusy, Problems) = (true, []);
        StateHasChanged();
        try
        {
            await work();
        }
        catch (SyncException failed)
        {
            Problems = [.. failed.Errors.Select(error => error.Message)];
        }
        catch (OperationCanceledException) when (Left.IsCancellationRequested)
        {
            // Nobody sees the page any more.
        }
        finally
        {
            IsBusy = false;
        }
    }

    private protected void ShowProblems(IReadOnlyList<string> problems) => Problems = problems;
}
