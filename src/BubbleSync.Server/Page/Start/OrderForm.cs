using BubbleSync.Etl.Settings;
using BubbleSync.Server.Page.Orders;
using BubbleSync.Server.Runs;
using Microsoft.AspNetCore.Components;

namespace BubbleSync.Server.Page.Start;

/// <summary>A form that starts one kind of run.</summary>
public abstract class OrderForm : ComponentBase
{
    private bool _isBusy;

    /// <summary>The name of the app.</summary>
    [Parameter, EditorRequired]
    public string App { get; set; } = "";

    [Inject]
    private protected RunRegistry Registry { get; set; } = default!;

    [Inject]
    private protected RunStarter Starter { get; set; } = default!;

    /// <summary>What keeps the run from starting.</summary>
    protected IReadOnlyList<string> Problems { get; set; } = [];

    /// <summary>Whether the form waits for an answer.</summary>
    protected bool IsBusy
    {
        get => _isBusy;
        set => _isBusy = value;
    }

    /// <summary>The names of the app's entities.</summary>
    protected IReadOnlyList<string> Entities { get; private set; } = [];

    private protected AppWorker Worker => Registry.FindApp(App)!;

    /// <summary>What can happen to rows that Bubble no longer has, in words.</summary>
    protected static IReadOnlyList<(PruneMode Mode, string Text)> PruneModes { get; } =
    [
        (PruneMode.Report, "report them"), (PruneMode.None, "do not look for them"), (PruneMode.Soft, "mark them as deleted"),
        (PruneMode.Hard, "delete them from the tables"),
    ];

    /// <inheritdoc/>
    protected override void OnParametersSet() => Entities = Worker.Engine.ListEntities();

    /// <summary>Splits ids at blanks, commas and lines.</summary>
    protected static IReadOnlyList<string> Split(string text) =>
        [.. text.Split((char[]?)[' ', ',', ';', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];

    private protected async Task StartAsync(RunOrder order)
    {
        if (IsBusy)
            return;

        IsBusy = true;
        Problems = await Starter.StartAsync(Worker, order, CancellationToken.None);
        IsBusy = false;
    }
}
