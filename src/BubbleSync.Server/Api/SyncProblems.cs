using BubbleSync.Etl;
using BubbleSync.Etl.Words;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace BubbleSync.Server.Api;

/// <summary>Answers with problem details where the engine stopped a request. Its messages hold no secret and no field's value.</summary>
internal sealed class SyncProblems(IProblemDetailsService problems) : IExceptionHandler
{
    /// <inheritdoc/>
    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not SyncException stopped)
            return ValueTask.FromResult(false);

        httpContext.Response.StatusCode = StatusOf(stopped);
        return problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails = new ProblemDetails
            {
                Status = httpContext.Response.StatusCode,
                Title = stopped.IsUsage ? "The request cannot be carried out." : "The source or the database does not work.",
                Detail = string.Join("\n", stopped.Errors.Select(error => error.Message)),
                Extensions = { ["errors"] = stopped.Errors },
            },
        });
    }

    private static int StatusOf(SyncException stopped) => stopped.Errors[0].Code switch
    {
        ErrorCode.NoSuchRun or ErrorCode.NoSuchEntity => StatusCodes.Status404NotFound,
        ErrorCode.Locked => StatusCodes.Status409Conflict,
        _ when stopped.IsUsage => StatusCodes.Status422UnprocessableEntity,
        _ => StatusCodes.Status503ServiceUnavailable,
    };
}
