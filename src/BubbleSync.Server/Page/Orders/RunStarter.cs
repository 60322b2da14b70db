using BubbleSync.Etl;
using BubbleSync.Server.Runs;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace BubbleSync.Server.Page.Orders;

/// <summary>Starts runs for the buttons of the page: checks the order, asks before anything dangerous, and shows the run.</summary>
internal sealed class RunStarter(DialogService dialogs, NavigationManager navigation)
{
    /// <summary>Starts a run and goes to its page. Of two equal orders only one runs: both lead to the same page.</summary>
    /// <returns>Why it was not started; none where it was, or where the visitor changed their mind.</returns>
    public async Task<IReadOnlyList<string>> StartAsync(AppWorker worker, RunOrder order, CancellationToken cancellationToken)
    {
        try
        {
            var faults = OrderCheck.Faults(order, worker.Engine.ListEntities());
            if (faults.Count > 0)
                return [.. faults.Values.SelectMany(messages => messages)];

            var risks = await OrderRisks.DescribeAsync(worker, order, cancellationToken);
            if (risks.Count > 0 && !await ConfirmAsync("Start this run?", risks, "Start the run", null))
                return [];
        }
        catch (SyncException failed)
        {
            return [.. failed.Errors.Select(error => error.Message)];
        }

        var submission = worker.Submit(order, null);
        if (submission.RunId is not { } run)
        {
            return [submission.Answer == SubmissionResult.QueueFull
                ? "Too many runs wait for this app. Try again when some of them have ended."
                : "The server is ending. Try again when it has started."];
        }

        navigation.NavigateTo($"/apps/{worker.App.Name}/runs/{run}");
        return [];
    }

    /// <summary>Asks before something that nothing brings back.</summary>
    /// <param name="title">The question.</param>
    /// <param name="lines">What would happen.</param>
    /// <param name="confirm">The words on the button that does it.</param>
    /// <param name="script">A script that would be run; null where there is none.</param>
    /// <returns>Whether the visitor confirmed.</returns>
    public async Task<bool> ConfirmAsync(string title, IReadOnlyList<string> lines, string confirm, string? script)
    {
        var parameters = new Dictionary<string, object?>
        {
            [nameof(ConfirmDialog.Lines)] = lines,
            [nameof(ConfirmDialog.Confirm)] = confirm,
            [nameof(ConfirmDialog.Script)] = script,
        };
        var answer = await dialogs.OpenAsync<ConfirmDialog>(title, parameters, new DialogOptions { Width = "min(40rem, 94vw)", AutoFocusFirstElement = true });
        return answer is true;
    }
}
