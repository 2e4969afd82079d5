#!/usr/bin/env python3
"""Prints what linear_svm_test.cc compares with: the weights of scikit-learn's LinearSVC (liblinear, primal) of three
classes, one against the rest, with the bias as a feature that is 1. Made with scikit-learn 1.9."""
import numpy
from sklearn.svm import LinearSVC


def rows():
    """36 rows of 4 features, the same in the test: no random numbers that differ between libraries."""
    values = [[((7 * i + 3 * k * k + i * k) % 11) / 11 + (i % 3 == k) for k in range(4)] for i in range(36)]
    return numpy.array(values), numpy.array([i % 3 for i in range(36)])


features, labels = rows()
for count in (3, 2):
    kept = labels < count
    for cost in (0.1, 10):
        svm = LinearSVC(C=cost, dual=False, tol=1e-10, intercept_scaling=1, max_iter=100000)
        svm.fit(features[kept], labels[kept])
        print(count, cost, numpy.array2string(svm.coef_, separator=", ", precision=8),
              numpy.array2string(svm.intercept_, separator=", ", precision=8))
